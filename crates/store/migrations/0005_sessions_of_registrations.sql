-- Nearly every session is of an account; an index of those that are not need not know them.
DROP INDEX sessions_by_registration;
CREATE INDEX sessions_by_registration ON sessions (registration_id) WHERE registration_id IS NOT NULL;
