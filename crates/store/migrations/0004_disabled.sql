-- Whoever is disabled keeps everything and has no session.
ALTER TABLE accounts ADD COLUMN disabled_at {int};
