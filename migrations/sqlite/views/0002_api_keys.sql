CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX api_keys_of_customer ON api_keys (customer_id, position);
