// What the service takes and answers, from its OpenAPI document. Made by test/contract.js, not by hand.

export type Algorithm = 'kmeans' | 'gaussian_mixture' | 'dbscan';

export type ApiKeyBody = {
  created_at: string;
  created_by: UserId;
  id: ApiKeyId;
  last_used_at?: string | null;
  name: string;
  role: MemberRole;
};

export type ApiKeyId = string;

export type Basis = 'detected' | 'declared' | 'chosen';

export type Candidate = Quality & { chosen: boolean; clusters: number; reason: string; smallest: number };

export type Clusters = 'auto' | number;

export type Column = {
  max: unknown;
  min: unknown;
  name: string;
  null_count: number;
  reason?: string | null;
  role?: ColumnRole | null;
  type: ColumnType;
};

export type ColumnRole = 'shopper' | 'order' | 'time' | 'quantity' | 'unit_price' | 'amount' | 'product' | 'category' | 'feature';

export type ColumnType = 'boolean' | 'integer' | 'decimal' | 'date' | 'timestamp' | 'text';

export type Comparison = {
  continues: Array<number | null>;
  entered: number;
  from_report: ReportId;
  left: number;
  moved: Array<Move>;
  stayed: number;
  to_report: ReportId;
};

export type Component = {
  covariance: Array<number>;
  mean: Array<number>;
  segment: number;
  weight: number;
};

export type Compression = 'gzip' | 'zstd' | 'zip';

export type CustomerBody = {
  created_at: string;
  description?: string | null;
  id: CustomerId;
  name: string;
  role: MemberRole;
};

export type CustomerId = string;

export type CustomerPatch = { description?: string | null; name?: string };

export type DatasetBody = {
  columns: Array<Column>;
  created_at: string;
  delimiter: string;
  dialect?: Dialect | null;
  encoding: string;
  id: DatasetId;
  overlaps?: Array<Overlap> | null;
  questions: Array<Question>;
  rejected_row_count: number;
  repeated_row_count?: number | null;
  row_count: number;
  shape?: Shape | null;
  shopper_count?: number | null;
  shopper_error?: string | null;
  store_id: StoreId;
  upload_id: UploadId;
};

export type DatasetId = string;

export type DatasetRevision = { dataset_id: DatasetId; revision: number };

export type DateOrder = 'day_month_year' | 'month_day_year';

export type DecimalMark = '.' | ',';

export type Dependency = { detail: string; engine: string; name: string; needed: boolean; ok: boolean };

export type Dialect = {
  compression?: Compression | null;
  date_order?: Finding_DateOrder | null;
  decimal_mark?: Finding_DecimalMark | null;
  delimiter: Finding_String;
  encoding: Finding_String;
  escape: Finding_Escape;
  header_line: Finding_u64;
  line_end: Finding_LineEnd;
  quote: Finding_String;
};

export type DialectChoice = {
  date_order?: DateOrder | null;
  decimal_mark?: DecimalMark | null;
  delimiter?: string | null;
  encoding?: string | null;
  escape?: Escape | null;
  header_line?: number | null;
  line_end?: LineEnd | null;
  quote?: string | null;
};

export type Escape = 'doubled' | 'backslash';

export type EventBody = {
  actor: string;
  aggregate_id: string;
  aggregate_type: string;
  causation_id?: string | null;
  correlation_id: string;
  data: Record<string, unknown>;
  id: string;
  position: number;
  recorded_at: string;
  sequence: number;
  type: string;
  version: number;
};

export type Features = 'rfm' | { purchases: Array<Habit> } | { columns: Array<string> };

export type FieldProblem = { detail: string; pointer: string };

export type Finding_DateOrder = { basis: Basis; confidence: number; value: DateOrder };

export type Finding_DecimalMark = { basis: Basis; confidence: number; value: DecimalMark };

export type Finding_Escape = { basis: Basis; confidence: number; value: Escape };

export type Finding_LineEnd = { basis: Basis; confidence: number; value: LineEnd };

export type Finding_String = { basis: Basis; confidence: number; value: string };

export type Finding_u64 = { basis: Basis; confidence: number; value: number };

export type Format = 'csv' | 'parquet' | 'arrow';

export type Habit = 'recency' | 'frequency' | 'monetary' | 'average_basket' | 'items_per_order' | 'days_between_orders' | 'tenure' | 'return_rate' | 'category_shares';

export type LineEnd = 'lf' | 'cr' | 'any';

export type List_ApiKeyBody = { items: Array<ApiKeyBody>; next?: string | null };

export type List_CustomerBody = { items: Array<CustomerBody>; next?: string | null };

export type List_DatasetBody = { items: Array<DatasetBody>; next?: string | null };

export type List_EventBody = { items: Array<EventBody>; next?: string | null };

export type List_MemberBody = { items: Array<MemberBody>; next?: string | null };

export type List_NotificationBody = { items: Array<NotificationBody>; next?: string | null };

export type List_Object = { items: Array<Record<string, unknown>>; next?: string | null };

export type List_ReportSummary = { items: Array<ReportSummary>; next?: string | null };

export type List_SignInBody = { items: Array<SignInBody>; next?: string | null };

export type List_StoreRow = { items: Array<StoreRow>; next?: string | null };

export type List_UploadBody = { items: Array<UploadBody>; next?: string | null };

export type Location = { latitude: number; longitude: number };

export type MemberBody = {
  email?: string | null;
  name?: string | null;
  role: MemberRole;
  status: MemberStatus;
  user_id: UserId;
};

export type MemberPatch = { role: MemberRole };

export type MemberRole = 'viewer' | 'analyst' | 'owner';

export type MemberStatus = 'active' | 'invited';

export type Move = { from?: number | null; shoppers: number; to?: number | null };

export type NewApiKey = { name: string; role: MemberRole };

export type NewApiKeyBody = ApiKeyBody & { token: string };

export type NewCustomer = { description?: string | null; name: string };

export type NewMember = { email: string; role: MemberRole };

export type NewPassword = { current_password: string; new_password: string };

export type NewReport = {
  algorithm?: Algorithm;
  as_of?: string | null;
  clusters?: Clusters;
  dataset_ids?: Array<DatasetId> | null;
  epsilon?: number | null;
  features?: Features | null;
  min_points?: number | null;
  scale?: Scale;
  seed?: number;
  store_ids?: Array<StoreId> | null;
};

export type NewRoles = { roles: Record<string, ColumnRole> };

export type NewStore = { city?: string | null; location?: Location | null; name: string };

export type NewUser = { email: string; name: string; password: string; phone_number?: string | null };

export type NewsKind = 'upload_ready' | 'upload_rejected' | 'report_ready' | 'report_failed';

export type NotificationBody = {
  created_at: string;
  dataset_id?: DatasetId | null;
  id: string;
  kind: NewsKind;
  read_at?: string | null;
  report_id?: ReportId | null;
  text: string;
  title: string;
  upload_id?: UploadId | null;
};

export type Overlap = { dataset_id: DatasetId; order_count: number; revision: number };

export type Parameters = {
  algorithm: Algorithm;
  as_of?: string | null;
  clusters: Clusters;
  epsilon?: number | null;
  features: Features;
  min_points?: number | null;
  rfm_grid?: RfmGrid | null;
  scale: Scale;
  seed: number;
};

export type Problem = {
  detail: string;
  errors?: Array<FieldProblem>;
  request_id: string;
  status: number;
  title: string;
  type: string;
} & Record<string, any>;

export type ProfileChanges = { name?: string; phone_number?: string | null };

export type ProgressBody = { bytes_done: number; bytes_total: number };

export type Quality = {
  calinski_harabasz?: number | null;
  davies_bouldin?: number | null;
  inertia?: number | null;
  silhouette?: number | null;
  stability?: number | null;
};

export type Question = { about: string; columns: Array<string>; text: string };

export type Readiness = {
  commit: string;
  dependencies: Array<Dependency>;
  head?: number | null;
  open_deliveries?: number | null;
  projected?: number | null;
  published?: number | null;
  status: string;
  version: string;
};

export type Refresh = { refresh_token: string };

export type ReportBody = ReportRow & { cached: boolean };

export type ReportId = string;

export type ReportRow = {
  algorithm: Algorithm;
  as_of?: string | null;
  candidates: Array<Candidate>;
  clusters?: number | null;
  completed_at?: string | null;
  converged?: boolean | null;
  dataset_ids: Array<DatasetId>;
  datasets: Array<DatasetRevision>;
  error?: string | null;
  features: Array<string>;
  id: ReportId;
  iterations?: number | null;
  mixture?: Array<Component>;
  noise_count?: number | null;
  notes: Array<string>;
  parameters: Parameters;
  previous?: Succession | null;
  program_version?: string | null;
  quality?: Quality | null;
  requested_at: string;
  requested_by: UserId;
  rfm?: Array<RfmGroup> | null;
  scaling: Array<Scaling>;
  segments: Array<Segment>;
  shopper_count?: number | null;
  sources?: Array<Source>;
  status: ReportStatus;
  store_ids?: Array<StoreId>;
};

export type ReportStatus = 'requested' | 'running' | 'completed' | 'failed';

export type ReportSummary = {
  algorithm: Algorithm;
  clusters?: number | null;
  completed_at?: string | null;
  dataset_ids: Array<DatasetId>;
  error?: string | null;
  id: ReportId;
  parameters: Parameters;
  requested_at: string;
  requested_by: UserId;
  shopper_count?: number | null;
  silhouette?: number | null;
  status: ReportStatus;
  store_ids?: Array<StoreId>;
};

export type RfmCuts = { frequency: Array<number>; monetary: Array<number>; recency: Array<number> };

export type RfmGrid = { cells: Array<Array<string>>; cuts?: RfmCuts | null };

export type RfmGroup = { name: string; revenue_share: number; share: number; size: number };

export type Scale = 'auto' | 'standard' | 'none';

export type Scaling = { deviation: number; feature: string; log1p: boolean; mean: number };

export type Score = {
  distance?: number | null;
  name?: string | null;
  segment?: number | null;
  shopper?: string | null;
};

export type Scores = { shoppers: Array<Score>; values: Array<Score> };

export type Segment = {
  action: string;
  centroid: Record<string, number>;
  description: string;
  index: number;
  median: Record<string, number>;
  name: string;
  revenue?: number | null;
  revenue_share?: number | null;
  share: number;
  size: number;
  stores?: Array<StoreShare>;
  top_products: Array<TopProduct>;
};

export type SessionBody = {
  access_token: string;
  expires_in: number;
  refresh_token: string;
  session_expires_at: string;
  token_type: string;
};

export type Shape = 'purchases' | 'shoppers';

export type SignIn = { email: string; password: string };

export type SignInBody = { address?: string | null; at: string; kind: string };

export type Source = {
  dataset_id: DatasetId;
  replaced_order_count: number;
  revision: number;
  sha256: string;
};

export type StoreId = string;

export type StorePatch = { city?: string | null; location?: Location | null; name?: string };

export type StoreRow = {
  city?: string | null;
  created_at: string;
  id: StoreId;
  location?: Location | null;
  name: string;
};

export type StoreShare = { revenue_share: number; store_id: StoreId };

export type Succession = { continues: Array<number | null>; report_id: ReportId };

export type ToScore = { shoppers?: Array<string>; values?: Array<Record<string, unknown>> };

export type TopProduct = {
  buyers?: number | null;
  lift?: number | null;
  product: string;
  quantity: number;
  revenue: number;
};

export type UploadBody = {
  dataset_id?: DatasetId | null;
  description?: string | null;
  dialect: DialectChoice;
  error?: string | null;
  filename: string;
  id: UploadId;
  progress: ProgressBody;
  questions: Array<Question>;
  rejected_row_count?: number | null;
  row_count?: number | null;
  sha256: string;
  size_bytes: number;
  status: UploadState;
  store_id: StoreId;
  uploaded_at: string;
  uploaded_by: UserId;
};

export type UploadForm = { description?: string | null; file: string };

export type UploadId = string;

export type UploadState = 'received' | 'processing' | 'ready' | 'rejected' | 'deleted';

export type UserBody = {
  created_at: string;
  email: string;
  id: UserId;
  name: string;
  phone_number?: string | null;
};

export type UserId = string;
