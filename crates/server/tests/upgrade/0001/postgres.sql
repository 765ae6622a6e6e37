CREATE TABLE accounts (
    id bytea NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    username text,
    username_key text,
    password_hash text NOT NULL,
    role text NOT NULL,
    verified_at bigint,
    mail_sent_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE codes (
    owner bytea NOT NULL,
    mac bytea NOT NULL,
    expires_at bigint NOT NULL,
    previous_mac bytea,
    previous_expires_at bigint,
    attempts_left bigint NOT NULL,
    minted_at bigint NOT NULL
);
CREATE TABLE counters (
    bucket bytea NOT NULL,
    ends_at bigint NOT NULL,
    count bigint NOT NULL
);
CREATE TABLE email_changes (
    id bytea NOT NULL,
    account_id bytea NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    tag text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE events (
    id bytea NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    person_id bytea NOT NULL,
    detail text
);
CREATE TABLE outbox (
    id bytea NOT NULL,
    kind text NOT NULL,
    owner bytea NOT NULL,
    recipient text NOT NULL,
    detail text,
    state text NOT NULL,
    due_at bigint NOT NULL,
    lease_until bigint,
    worker text,
    tries bigint NOT NULL,
    created_at bigint NOT NULL,
    sent_at bigint,
    last_error text
);
CREATE TABLE registrations (
    id bytea NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    username text,
    username_key text,
    password_hash text NOT NULL,
    handle_hash bytea NOT NULL,
    source text NOT NULL,
    tag text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    mail_sent_at bigint
);
CREATE TABLE schema_migrations (
    version bigint NOT NULL,
    name text NOT NULL,
    applied_at bigint NOT NULL
);
CREATE TABLE sessions (
    id bytea NOT NULL,
    account_id bytea,
    registration_id bytea,
    device text NOT NULL,
    ip text NOT NULL,
    created_at bigint NOT NULL,
    last_accessed_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    refresh_hash bytea NOT NULL,
    refresh_previous bytea,
    refreshed_at bigint,
    CONSTRAINT sessions_check CHECK (((account_id IS NULL) <> (registration_id IS NULL)))
);
INSERT INTO accounts VALUES ('\x01a1f94e378670e29d8cdd2fc280f56e', 'ann@example.org', 'ann@example.org', 'Ann', 'ann', '$argon2id$v=19$m=19456,t=2,p=1$MKkJidRZ2CcXgP9RtFl6qQ$rwybv3fEngraEWmmKUvYMUKCu83mIcCKSAS1NOsUQqI', 'user', 1795184016864431, 1795184015354130, 1795184015238787, 1795184016864431);
INSERT INTO codes VALUES ('\x01a1f94e46747e86bb49c1926a9cb9ed', '\x2dabfa67f299590cffe5849f12956be570cc8a10bc5d9d99057be3f1bc0efc3e', 1795184079183042, NULL, NULL, 3, 1795184019144279);
INSERT INTO codes VALUES ('\x01a1f94e4b5477e9920fbf692e816524', '\xa2c84aaf112d60247e1bd07b909bd919e9666e9c5962b0e37888a272c4bd1c8f', 1795184080485312, NULL, NULL, 3, 1795184020412351);
INSERT INTO codes VALUES ('\x01a1f94e5205763b8efe2b8d81451c36', '\xd7d900fd4ecf897f196fbf412ab313d1f6eaa242275d939ddf2f75ec075c7705', 1795184082148389, NULL, NULL, 3, 1795184022087643);
INSERT INTO counters VALUES ('\xb5fc54beba5eaf0f3b948eb0ba6a0f0390d4ea24679b32bc79451bc1371c4696', 1795187615257492, 1);
INSERT INTO counters VALUES ('\xef6991149ab0c3d79e89ce0848fbb9bb3642a3130bd67de90f1626b03426d093', 1795270415264454, 1);
INSERT INTO counters VALUES ('\xd5c4e63c95331ace1dba36ac9c33b30810e25d995a2c3ef68205ae9a2c40b070', 1795270416840600, 0);
INSERT INTO counters VALUES ('\x360a9dcb341b31bf6cd1005ab395b688cc80703e158dcab51de32eecfcbc8d8c', 1795187619063772, 1);
INSERT INTO counters VALUES ('\x3bd106f0fbaa1b9ec1ebfbb7173175b0a8d558e3c956d1af3a4d8273f2db8d11', 1795270419064012, 1);
INSERT INTO counters VALUES ('\x908dd74dc5d0ca565ac64b0aa2ad7e1ad1e4b3295ceef5aa9a05779882f07094', 1795187620320334, 1);
INSERT INTO counters VALUES ('\xbdb0c57c03f1626ca63e0e0cfe3859aa573f4f8c16fe49d6291a1b79213de11a', 1795270420324546, 1);
INSERT INTO counters VALUES ('\xa362f3b1c6c1b2d8e7f41c8a75310a8a6e9674f67e637fdefd1beb48613bb07e', 1795187622022545, 1);
INSERT INTO counters VALUES ('\x1f921fcdea78dcd2fcf3e0c2a85550de7bec556adf57d251173db55a142e66e7', 1795270422023684, 1);
INSERT INTO counters VALUES ('\x2131beadb56eb0cfec6c2ec5c5e1befbab2da3e2bcef85bd649ca61124da4211', 1795184026922214, 1);
INSERT INTO counters VALUES ('\xb3d9ebae6eabcf6f2d2a5d5bd04a0d47d11c6d651555db1bfa498b45f3acca20', 1795184026922214, 1);
INSERT INTO counters VALUES ('\x88ae2e597082648ff5fb8813c25a1f623ad3568f6d6d018eae6bb44f90f07532', 1795187626964466, 1);
INSERT INTO counters VALUES ('\x659b9aea650c4e7fb75c9a69a7fce715fd750cf739ee60966088cb60d5074c6c', 1795270426968251, 1);
INSERT INTO email_changes VALUES ('\x01a1f94e5205763b8efe2b8d81451c36', '\x01a1f94e378670e29d8cdd2fc280f56e', 'ann@example.com', 'ann@example.com', 'ynps', 1795184022021456, 1795270422021456);
INSERT INTO events VALUES ('\x01a1f94e3e107ae781d048f3cef56cc3', 1795184016912247, 'account.verified', '\x01a1f94e378670e29d8cdd2fc280f56e', NULL);
INSERT INTO outbox VALUES ('\x01a1f94e37a07a9d92240abed67e5d7b', 'verification', '\x01a1f94e378670e29d8cdd2fc280f56e', 'ann@example.org', NULL, 'sent', 1795184015264740, NULL, 'b75917666eafef79', 1, 1795184015264740, 1795184015354130, NULL);
INSERT INTO outbox VALUES ('\x01a1f94e3e117f3aabf9c5fac38e1197', 'confirmation', '\x01a1f94e378670e29d8cdd2fc280f56e', 'ann@example.org', NULL, 'sent', 1795184016913641, NULL, 'b75917666eafef79', 1, 1795184016913641, 1795184017008928, NULL);
INSERT INTO outbox VALUES ('\x01a1f94e467872c187ce95e5d1e2d7ab', 'verification', '\x01a1f94e46747e86bb49c1926a9cb9ed', 'bob@example.org', NULL, 'sent', 1795184019064280, NULL, 'b75917666eafef79', 1, 1795184019064280, 1795184019183042, NULL);
INSERT INTO outbox VALUES ('\x01a1f94e4b7076be998313ffec193a39', 'verification', '\x01a1f94e4b5477e9920fbf692e816524', 'dan@example.org', NULL, 'sent', 1795184020336304, NULL, 'b75917666eafef79', 1, 1795184020336304, 1795184020485312, NULL);
INSERT INTO outbox VALUES ('\x01a1f94e52107c39afe881fd2d8e819f', 'email_change', '\x01a1f94e5205763b8efe2b8d81451c36', 'ann@example.com', NULL, 'sent', 1795184022032222, NULL, 'b75917666eafef79', 1, 1795184022032222, 1795184022148389, NULL);
INSERT INTO outbox VALUES ('\x01a1f94e655e7f38b9ffa70a21634b95', 'verification', '\x01a1f94e652a74d48a09c6030219bd67', 'cat@example.org', NULL, 'due', 1795184026974496, NULL, NULL, 0, 1795184026974496, NULL, NULL);
INSERT INTO registrations VALUES ('\x01a1f94e46747e86bb49c1926a9cb9ed', 'bob@example.org', 'bob@example.org', NULL, NULL, '$argon2id$v=19$m=19456,t=2,p=1$rrjC3/6pd5+Qvf3bgTfKfg$SjsqqiMPwCDBWrzRkXitN6bmAa4L37aFCMviL8arszQ', '\xde0bc1f92a25de28ee947fa6754e89b9e92b5d9037c800589c9214692ef290b7', '127.0.0.1', 'dd9q', 1795184019060513, 1795270419060465, 1795184019183042);
INSERT INTO registrations VALUES ('\x01a1f94e4b5477e9920fbf692e816524', 'dan@example.org', 'dan@example.org', NULL, NULL, '$argon2id$v=19$m=19456,t=2,p=1$gUyOkIsIoWlJhUzdwh0wug$CfOIFY58kiiCjtD2SbCGydECU2VGLbfvrbwliWXyVfY', '\xa565e8a9f048b61482a95cc9d7306e50e2764f825c6cfd6f094d54bc3ccd6dbf', '127.0.0.1', 'uhvm', 1795184020308415, 1795270420308356, 1795184020485312);
INSERT INTO registrations VALUES ('\x01a1f94e652a74d48a09c6030219bd67', 'cat@example.org', 'cat@example.org', NULL, NULL, '$argon2id$v=19$m=19456,t=2,p=1$e2yIuZO5gcrkSSMdYtIp5Q$hkVmiSHSKPN0OE8tF/t2Dy3s+IFTxxTkVq8EdjeFt5s', '\xb891b12f570b1059b356329d8b97caf44bf0e6cc8e6ae3b1724138f41bdcabfd', '127.0.0.1', 'kjny', 1795184026922214, 1795270426922157, NULL);
INSERT INTO schema_migrations VALUES (1, 'start', 1795184014349557);
INSERT INTO sessions VALUES ('\x01a1f94e402b775d9aabbf824c52317f', '\x01a1f94e378670e29d8cdd2fc280f56e', NULL, 'curl', '127.0.0.1', 1795184017451857, 1795184021889153, 1795788817451857, '\xcf2cfd163e1afc67e37e15975b77255bd15ed811328d615bdeff796ffa28d82f', NULL, NULL);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_email_key_key UNIQUE (email_key);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_username_key_key UNIQUE (username_key);
ALTER TABLE ONLY codes
    ADD CONSTRAINT codes_pkey PRIMARY KEY (owner);
ALTER TABLE ONLY counters
    ADD CONSTRAINT counters_pkey PRIMARY KEY (bucket);
ALTER TABLE ONLY email_changes
    ADD CONSTRAINT email_changes_account_id_key UNIQUE (account_id);
ALTER TABLE ONLY email_changes
    ADD CONSTRAINT email_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY registrations
    ADD CONSTRAINT registrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
CREATE INDEX counters_by_end ON counters USING btree (ends_at);
CREATE INDEX email_changes_by_end ON email_changes USING btree (expires_at);
CREATE INDEX events_by_person ON events USING btree (person_id, at);
CREATE INDEX outbox_by_due ON outbox USING btree (state, due_at);
CREATE INDEX outbox_by_owner ON outbox USING btree (owner, created_at);
CREATE INDEX registrations_by_email ON registrations USING btree (email_key, expires_at);
CREATE INDEX registrations_by_end ON registrations USING btree (expires_at);
CREATE INDEX registrations_by_source ON registrations USING btree (source, expires_at);
CREATE INDEX sessions_by_account ON sessions USING btree (account_id, created_at);
CREATE INDEX sessions_by_end ON sessions USING btree (expires_at);
CREATE INDEX sessions_by_registration ON sessions USING btree (registration_id);
ALTER TABLE ONLY email_changes
    ADD CONSTRAINT email_changes_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY sessions
    ADD CONSTRAINT sessions_registration_id_fkey FOREIGN KEY (registration_id) REFERENCES registrations(id) ON DELETE CASCADE;
