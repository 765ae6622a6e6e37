-- What an account may count on where it differs from everybody's plan. Rates in bit/s, a quota in bytes a day.
CREATE TABLE link_plans (
    account_id  {bytes} PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    weight      {int} NOT NULL,
    down_floor  {int} NOT NULL,
    down_cap    {int},
    up_floor    {int} NOT NULL,
    up_cap      {int},
    quota_bytes {int}
) {strict};

-- A device with a share of the link: named by its hardware address, or by its address where that is not known.
-- It goes with the session that brought it.
CREATE TABLE link_devices (
    device     TEXT PRIMARY KEY NOT NULL,
    account_id {bytes} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    session_id {bytes} NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    ip         TEXT NOT NULL,
    bound_at   {int} NOT NULL,
    used_at    {int} NOT NULL
) {strict};
CREATE INDEX link_devices_by_account ON link_devices (account_id);
CREATE INDEX link_devices_by_session ON link_devices (session_id);

-- Days are counted since 1970, UTC.
CREATE TABLE link_usage (
    account_id {bytes} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    day        {int} NOT NULL,
    bytes      {int} NOT NULL,
    PRIMARY KEY (account_id, day)
) {strict};

CREATE TABLE link_runs (
    id         {bytes} PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL,
    simulation {int} NOT NULL,
    started_at {int} NOT NULL,
    last_at    {int} NOT NULL,
    reports    {int} NOT NULL
) {strict};
CREATE INDEX link_runs_by_start ON link_runs (started_at);

-- Reports of the gateway as it sent them.
CREATE TABLE link_reports (
    run_id {bytes} NOT NULL REFERENCES link_runs (id) ON DELETE CASCADE,
    at     {int} NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (run_id, at)
) {strict};
