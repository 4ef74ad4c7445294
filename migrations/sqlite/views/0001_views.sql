-- The views: one table per question, each row a JSON body with the columns it is found by.
-- `position` is the event that made the row (lists are in its order), `version` its ETag.
-- Everything here can be made again from the log.

CREATE TABLE checkpoints (
    consumer TEXT PRIMARY KEY,
    position BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);

-- The id is "<customer>/<user>".
CREATE TABLE members (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    user_id TEXT GENERATED ALWAYS AS (body ->> 'user_id') STORED
);
CREATE INDEX members_of_customer ON members (customer_id, position);
CREATE INDEX members_of_user ON members (user_id);

CREATE TABLE stores (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX stores_of_customer ON stores (customer_id, position);

CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX uploads_of_customer ON uploads (customer_id, position);
CREATE INDEX uploads_of_store ON uploads (customer_id, store_id, position);

CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX datasets_of_customer ON datasets (customer_id, position);
CREATE INDEX datasets_of_store ON datasets (customer_id, store_id, position);

-- A row per dataset; the one that was assigned last speaks for its store.
CREATE TABLE store_roles (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX store_roles_of_store ON store_roles (customer_id, store_id, status, position);

CREATE TABLE reports (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);

-- What a list of reports needs, without the findings.
CREATE TABLE report_summaries (
    id TEXT PRIMARY KEY,
    customer_id TEXT,
    store_id TEXT,
    status TEXT,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX report_summaries_of_customer ON report_summaries (customer_id, position);
