-- What must be forgettable and so never stands in an event. Ids are text, as in SQLite, because both run the same SQL.

-- Proves that the service runs with the secret that this data was written with.
CREATE TABLE service_secret (
    only_row integer PRIMARY KEY CHECK (only_row = 1),
    tag      bytea   NOT NULL
);

-- One key per subject, wrapped under the service secret; deleting it erases the subject.
CREATE TABLE subject_keys (
    key_id      text        PRIMARY KEY,
    wrapped_key bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE credentials (
    credential_id text        PRIMARY KEY,
    -- Argon2id, as a PHC string.
    hash          text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- Times are compared with the caller's clock, so they are Unix milliseconds.
CREATE TABLE sessions (
    session_id text   PRIMARY KEY,
    user_id    text   NOT NULL,
    kind       text   NOT NULL CHECK (kind IN ('api', 'page')),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at   bigint
);

CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Refresh tokens and the tokens of the page, as keyed hashes. A used refresh token stays: who shows
-- it again has stolen it, or was stolen from.
CREATE TABLE session_tokens (
    token_hash bytea  PRIMARY KEY,
    session_id text   NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
    used_at    bigint
);

CREATE INDEX tokens_of_session ON session_tokens (session_id);

-- Which request an idempotency key belongs to.
CREATE TABLE idempotency_keys (
    owner       text        NOT NULL,
    key         text        NOT NULL,
    -- Keyed hash of the request, because a request may hold a password.
    fingerprint bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key)
);
