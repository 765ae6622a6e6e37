-- A key is not here: it follows from its salt and the installation's secret, which no database holds.
CREATE TABLE signing_keys (
    generation {int} PRIMARY KEY NOT NULL,
    salt       {bytes} NOT NULL,
    kid        TEXT NOT NULL,
    signs_from {int} NOT NULL,
    created_at {int} NOT NULL
) {strict};
