-- The views: one table per question, each row a JSON body with the columns it is found by. Ids are text and the body
-- is the very text that was written, as in SQLite, because both run the same SQL.
-- `position` is the event that made the row (lists are in its order), `version` its ETag.
-- Everything here can be made again from the log.

CREATE TABLE checkpoints (
    consumer text   PRIMARY KEY,
    position bigint NOT NULL
);

-- The row that those who fold wait for, so that no two fold at the same time.
INSERT INTO checkpoints (consumer, position) VALUES ('project', 0);

CREATE TABLE users (
    id          text   PRIMARY KEY,
    customer_id text,
    store_id    text,
    status      text,
    position    bigint NOT NULL,
    version     bigint NOT NULL,
    body        text   NOT NULL
);

CREATE TABLE customers (LIKE users INCLUDING ALL);

-- The id is "<customer>/<user>".
CREATE TABLE members (
    LIKE users INCLUDING ALL,
    user_id text GENERATED ALWAYS AS (body::json ->> 'user_id') STORED
);
CREATE INDEX members_of_customer ON members (customer_id, position);
CREATE INDEX members_of_user ON members (user_id);

CREATE TABLE stores (LIKE users INCLUDING ALL);
CREATE INDEX stores_of_customer ON stores (customer_id, position);

CREATE TABLE uploads (LIKE users INCLUDING ALL);
CREATE INDEX uploads_of_customer ON uploads (customer_id, position);
CREATE INDEX uploads_of_store ON uploads (customer_id, store_id, position);

CREATE TABLE datasets (LIKE users INCLUDING ALL);
CREATE INDEX datasets_of_customer ON datasets (customer_id, position);
CREATE INDEX datasets_of_store ON datasets (customer_id, store_id, position);

-- A row per dataset; the one that was assigned last speaks for its store.
CREATE TABLE store_roles (LIKE users INCLUDING ALL);
CREATE INDEX store_roles_of_store ON store_roles (customer_id, store_id, status, position);

CREATE TABLE reports (LIKE users INCLUDING ALL);

-- What a list of reports needs, without the findings.
CREATE TABLE report_summaries (LIKE users INCLUDING ALL);
CREATE INDEX report_summaries_of_customer ON report_summaries (customer_id, position);
