CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    user_id TEXT GENERATED ALWAYS AS (body ->> 'user_id') STORED
);
CREATE INDEX notifications_of_user ON notifications (customer_id, user_id, position);

-- What happened before is to be told too, so the log is folded again from its start.
DELETE FROM users;
DELETE FROM customers;
DELETE FROM members;
DELETE FROM stores;
DELETE FROM uploads;
DELETE FROM datasets;
DELETE FROM store_roles;
DELETE FROM reports;
DELETE FROM report_summaries;
DELETE FROM api_keys;
UPDATE checkpoints SET position = 0;
