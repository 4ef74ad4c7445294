-- The secrets of API keys, as keyed hashes; what a key may do stands in the customer's events.
CREATE TABLE api_key_secrets (
    key_id       TEXT    PRIMARY KEY,
    customer_id  TEXT    NOT NULL,
    token_hash   BLOB    NOT NULL UNIQUE,
    -- Unix milliseconds.
    last_used_at INTEGER
);

CREATE INDEX api_key_secrets_of_customer ON api_key_secrets (customer_id);

-- Who signed in, was refused or signed out; the newest entries of each user.
CREATE TABLE sign_ins (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id TEXT    NOT NULL,
    -- Unix milliseconds.
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    address TEXT
);

CREATE INDEX sign_ins_of_user ON sign_ins (user_id, id);
