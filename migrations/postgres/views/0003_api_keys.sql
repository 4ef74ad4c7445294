CREATE TABLE api_keys (LIKE users INCLUDING ALL);
CREATE INDEX api_keys_of_customer ON api_keys (customer_id, position);
