CREATE TABLE accounts (
    id            {bytes} PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    username      TEXT,
    username_key  TEXT UNIQUE,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL,
    verified_at   {int},
    mail_sent_at  {int},
    created_at    {int} NOT NULL,
    updated_at    {int} NOT NULL
) {strict};

-- Several may wait for one address; none of them reserves it.
CREATE TABLE registrations (
    id            {bytes} PRIMARY KEY NOT NULL,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL,
    username      TEXT,
    username_key  TEXT,
    password_hash TEXT NOT NULL,
    handle_hash   {bytes} NOT NULL,
    source        TEXT NOT NULL,
    tag           TEXT NOT NULL,
    created_at    {int} NOT NULL,
    expires_at    {int} NOT NULL,
    mail_sent_at  {int}
) {strict};
CREATE INDEX registrations_by_email ON registrations (email_key, expires_at);
CREATE INDEX registrations_by_source ON registrations (source, expires_at);
CREATE INDEX registrations_by_end ON registrations (expires_at);

CREATE TABLE email_changes (
    id         {bytes} PRIMARY KEY NOT NULL,
    account_id {bytes} NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    email      TEXT NOT NULL,
    email_key  TEXT NOT NULL,
    tag        TEXT NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL
) {strict};
CREATE INDEX email_changes_by_end ON email_changes (expires_at);

-- The owner is a registration or an e-mail change. A code is here only as a MAC.
CREATE TABLE codes (
    owner               {bytes} PRIMARY KEY NOT NULL,
    mac                 {bytes} NOT NULL,
    expires_at          {int} NOT NULL,
    previous_mac        {bytes},
    previous_expires_at {int},
    attempts_left       {int} NOT NULL,
    minted_at           {int} NOT NULL
) {strict};

CREATE TABLE sessions (
    id               {bytes} PRIMARY KEY NOT NULL,
    account_id       {bytes} REFERENCES accounts (id) ON DELETE CASCADE,
    registration_id  {bytes} REFERENCES registrations (id) ON DELETE CASCADE,
    device           TEXT NOT NULL,
    ip               TEXT NOT NULL,
    created_at       {int} NOT NULL,
    last_accessed_at {int} NOT NULL,
    expires_at       {int} NOT NULL,
    refresh_hash     {bytes} NOT NULL,
    refresh_previous {bytes},
    refreshed_at     {int},
    CHECK ((account_id IS NULL) <> (registration_id IS NULL))
) {strict};
CREATE INDEX sessions_by_account ON sessions (account_id, created_at);
CREATE INDEX sessions_by_registration ON sessions (registration_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- due -> leased -> sent | dead. The owner is whoever the mail is about.
CREATE TABLE outbox (
    id          {bytes} PRIMARY KEY NOT NULL,
    kind        TEXT NOT NULL,
    owner       {bytes} NOT NULL,
    recipient   TEXT NOT NULL,
    detail      TEXT,
    state       TEXT NOT NULL,
    due_at      {int} NOT NULL,
    lease_until {int},
    worker      TEXT,
    tries       {int} NOT NULL,
    created_at  {int} NOT NULL,
    sent_at     {int},
    last_error  TEXT
) {strict};
CREATE INDEX outbox_by_due ON outbox (state, due_at);
CREATE INDEX outbox_by_owner ON outbox (owner, created_at);

CREATE TABLE counters (
    bucket  {bytes} PRIMARY KEY NOT NULL,
    ends_at {int} NOT NULL,
    count   {int} NOT NULL
) {strict};
CREATE INDEX counters_by_end ON counters (ends_at);

CREATE TABLE events (
    id        {bytes} PRIMARY KEY NOT NULL,
    at        {int} NOT NULL,
    kind      TEXT NOT NULL,
    person_id {bytes} NOT NULL,
    detail    TEXT
) {strict};
CREATE INDEX events_by_person ON events (person_id, at);
