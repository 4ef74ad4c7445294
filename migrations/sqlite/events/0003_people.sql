-- What must be forgettable and so never stands in an event.

-- Proves that the service runs with the secret that this data was written with.
CREATE TABLE service_secret (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    tag      BLOB NOT NULL
);

-- One key per subject, wrapped under the service secret; deleting it erases the subject.
CREATE TABLE subject_keys (
    key_id      TEXT    PRIMARY KEY,
    wrapped_key BLOB    NOT NULL,
    created_at  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

CREATE TABLE credentials (
    credential_id TEXT    PRIMARY KEY,
    -- Argon2id, as a PHC string.
    hash          TEXT    NOT NULL,
    created_at    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

-- Times are compared with the caller's clock, so they are Unix milliseconds.
CREATE TABLE sessions (
    session_id TEXT    PRIMARY KEY,
    user_id    TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('api', 'page')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at   INTEGER
);

CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Refresh tokens and the tokens of the page, as keyed hashes. A used refresh token stays: who shows
-- it again has stolen it, or was stolen from.
CREATE TABLE session_tokens (
    token_hash BLOB    PRIMARY KEY,
    session_id TEXT    NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
    used_at    INTEGER
);

CREATE INDEX tokens_of_session ON session_tokens (session_id);

-- Which request an idempotency key belongs to.
CREATE TABLE idempotency_keys (
    owner       TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    -- Keyed hash of the request, because a request may hold a password.
    fingerprint BLOB    NOT NULL,
    created_at  TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (owner, key)
);
