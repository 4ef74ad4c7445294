-- The secrets of API keys, as keyed hashes; what a key may do stands in the customer's events.
CREATE TABLE api_key_secrets (
    key_id       text    PRIMARY KEY,
    customer_id  text    NOT NULL,
    token_hash   bytea   NOT NULL UNIQUE,
    -- Unix milliseconds.
    last_used_at bigint
);

CREATE INDEX api_key_secrets_of_customer ON api_key_secrets (customer_id);

-- Who signed in, was refused or signed out; the newest entries of each user.
CREATE TABLE sign_ins (
    id      bigint  PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    user_id text    NOT NULL,
    -- Unix milliseconds.
    at      bigint  NOT NULL,
    kind    text    NOT NULL,
    address text
);

CREATE INDEX sign_ins_of_user ON sign_ins (user_id, id);
