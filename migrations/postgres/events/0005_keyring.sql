-- The root of the keys that outlive the service secret, wrapped under it. Data from before has none, and goes on with
-- the root that its first secret gave.
ALTER TABLE service_secret ADD COLUMN wrapped_root bytea;
