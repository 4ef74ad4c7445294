-- What a BI tool reads: flat, typed columns, nothing personal. Give its user no more than this:
--     GRANT USAGE ON SCHEMA bi TO analyst; GRANT SELECT ON ALL TABLES IN SCHEMA bi TO analyst;

CREATE SCHEMA IF NOT EXISTS bi;

CREATE VIEW bi.uploads AS
SELECT u.id::uuid AS upload_id, u.customer_id::uuid, u.store_id::uuid, s.body::json ->> 'name' AS store, u.status,
       b.filename, b.description, b.size_bytes, b.sha256, b.dataset_id, b.row_count, b.rejected_row_count, b.error,
       b.uploaded_by, b.uploaded_at
FROM uploads u
LEFT JOIN stores s ON s.id = u.store_id
CROSS JOIN LATERAL json_to_record(u.body::json) AS b (
    filename text, description text, size_bytes bigint, sha256 text, dataset_id uuid, row_count bigint,
    rejected_row_count bigint, error text, uploaded_by uuid, uploaded_at timestamptz
);

CREATE VIEW bi.datasets AS
SELECT d.id::uuid AS dataset_id, d.customer_id::uuid, d.store_id::uuid, s.body::json ->> 'name' AS store, b.upload_id,
       b.shape, b.row_count, b.rejected_row_count, b.shopper_count, json_array_length(b.columns) AS column_count,
       b.encoding, b.delimiter, b.created_at
FROM datasets d
LEFT JOIN stores s ON s.id = d.store_id
CROSS JOIN LATERAL json_to_record(d.body::json) AS b (
    upload_id uuid, shape text, row_count bigint, rejected_row_count bigint, shopper_count bigint, columns json,
    encoding text, delimiter text, created_at timestamptz
);

CREATE VIEW bi.reports AS
SELECT r.id::uuid AS report_id, r.customer_id::uuid, b.status, b.algorithm, b.as_of, b.shopper_count, b.clusters,
       b.noise_count, b.iterations, b.converged, q.silhouette, q.davies_bouldin, q.calinski_harabasz, q.stability, q.inertia,
       json_array_length(b.dataset_ids) AS dataset_count, b.error, b.requested_by, b.requested_at, b.completed_at
FROM reports r
CROSS JOIN LATERAL json_to_record(r.body::json) AS b (
    status text, algorithm text, as_of date, shopper_count bigint, clusters integer, noise_count bigint,
    iterations integer, converged boolean, quality json, dataset_ids json, error text, requested_by uuid,
    requested_at timestamptz, completed_at timestamptz
)
LEFT JOIN LATERAL json_to_record(b.quality) AS q (
    silhouette float8, davies_bouldin float8, calinski_harabasz float8, stability float8, inertia float8
) ON json_typeof(b.quality) = 'object';

-- One row per segment of each report.
CREATE VIEW bi.segments AS
SELECT r.id::uuid AS report_id, r.customer_id::uuid, g.index, g.name, g.description, g.action, g.size, g.share,
       g.revenue, g.revenue_share, (g.median ->> 'recency')::float8 AS median_recency,
       (g.median ->> 'frequency')::float8 AS median_frequency, (g.median ->> 'monetary')::float8 AS median_monetary
FROM reports r
CROSS JOIN LATERAL json_to_recordset(r.body::json -> 'segments') AS g (
    index integer, name text, description text, action text, size bigint, share float8, revenue float8,
    revenue_share float8, median json
);
