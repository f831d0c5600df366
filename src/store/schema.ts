import type { ColumnType, Generated, GeneratedAlways, Kysely, Transaction as KyselyTransaction } from 'kysely';
import type { Instant } from './instant.ts';

/** The tables as TypeScript sees them; `migrations/` is what makes them. `timestamptz` reads as epoch ms and is written by `instant()`. */
type At = ColumnType<number, Instant, Instant>;
type NullableAt = ColumnType<number | null, Instant | null, Instant | null>;

export interface Tables {
  settings: { key: string; value: unknown; updated_at: At };
  cameras: CamerasTable;
  camera_states: { camera_id: string; pack_id: string; state: Uint8Array; saved_at: At };
  camera_runtimes: { camera_id: string; runtime: unknown; epoch: number; sequence: number; saved_at: At };
  scores: ScoresTable;
  incidents: IncidentsTable;
  reviews: ReviewsTable;
  camera_references: CameraReferencesTable;
  camera_definitions: CameraDefinitionsTable;
  chunks: { path: string; camera_id: string; start_at: At; end_at: At; size_bytes: number };
  events: EventsTable;
  webhook_endpoints: EndpointsTable;
  deliveries: DeliveriesTable;
  delivery_attempts: DeliveryAttemptsTable;
  api_keys: ApiKeysTable;
}

interface CamerasTable {
  id: string;
  name: string;
  url: string;
  sealed_credentials: string | null;
  enabled: boolean;
  origin: string;
  settings: unknown;
  status: unknown;
  learning: unknown;
  /** { state, sinceMs } or null. */
  health: unknown;
  dropped: unknown;
  ingest_token: Generated<number>;
  scoring_token: Generated<number>;
  created_at: At;
  updated_at: At;
}

interface ScoresTable {
  camera_id: string;
  epoch: number;
  sequence: number;
  segment_end: At;
  score: number;
  certainty: number;
  /** Pairs of cue name and probability. */
  cues: readonly (readonly [string, number])[];
  hottest_row: number | null;
  hottest_column: number | null;
  dependence: number | null;
  held: Generated<boolean>;
}

export type EvidenceStateColumn = 'pending' | 'ready' | 'failed';

interface IncidentsTable {
  id: string;
  camera_id: string;
  state: 'open' | 'closed';
  severity: 'low' | 'medium' | 'high' | 'critical';
  onset_at: At;
  opened_at: At;
  last_anomalous_at: At;
  closed_at: NullableAt;
  close_reason: string | null;
  peak_score: number;
  peak_at: At;
  peak_cues: unknown;
  peak_row: number | null;
  peak_column: number | null;
  grid_rows: number;
  grid_columns: number;
  explanation: string;
  revision: number;
  clip_state: Generated<EvidenceStateColumn>;
  clip_path: string | null;
  clip_bytes: number | null;
  clip_reason: string | null;
  snapshot_state: Generated<EvidenceStateColumn>;
  snapshot_path: string | null;
  snapshot_bytes: number | null;
  snapshot_reason: string | null;
  heatmap_state: Generated<EvidenceStateColumn>;
  heatmap_path: string | null;
  heatmap_bytes: number | null;
  heatmap_reason: string | null;
  decision: Generated<'alert' | 'review'>;
  certainty: Generated<number>;
  kind: Generated<string>;
  title: Generated<string>;
  object: string | null;
  nearest_normal: Generated<unknown>;
  heat: unknown;
  /** Its strangest moments: [{ endMs, surprise, values }]. */
  descriptors: Generated<unknown>;
}

interface ReviewsTable {
  incident_id: string;
  verdict: 'confirmed' | 'dismissed' | 'unreviewed';
  reviewed_by: string;
  reviewed_at: At;
  moment_at: NullableAt;
  label: string | null;
  note: string | null;
}

interface CameraReferencesTable {
  id: string;
  camera_id: string;
  incident_id: string | null;
  verdict: 'confirmed' | 'dismissed';
  /** Moments of the incident: [{ endMs, surprise, values }]. */
  descriptors: unknown;
  label: string | null;
  moment_at: NullableAt;
  created_by: string;
  created_at: At;
  removed_by: string | null;
  removed_at: NullableAt;
}

interface CameraDefinitionsTable {
  camera_id: string;
  /** [{ name, text, examples }]. */
  abnormal: unknown;
  /** Texts. */
  normal: unknown;
  revision: number;
  updated_by: string;
  updated_at: At;
}

interface EventsTable {
  sequence: GeneratedAlways<number>;
  id: string;
  type: string;
  camera_id: string | null;
  incident_id: string | null;
  body: string;
  created_at: At;
}

interface EndpointsTable {
  id: string;
  url: string;
  description: string;
  sealed_secret: string;
  event_types: readonly string[] | null;
  camera_ids: readonly string[] | null;
  include_review: Generated<boolean>;
  enabled: boolean;
  disabled_reason: string | null;
  created_at: At;
  updated_at: At;
}

interface DeliveriesTable {
  id: string;
  event_id: string;
  endpoint_id: string;
  state: 'pending' | 'succeeded' | 'failed';
  attempts: Generated<number>;
  round_attempts: Generated<number>;
  next_attempt_at: NullableAt;
  last_status: number | null;
  last_error: string | null;
  created_at: At;
  completed_at: NullableAt;
}

interface DeliveryAttemptsTable {
  delivery_id: string;
  number: number;
  started_at: At;
  duration_ms: number;
  status: number | null;
  error: string | null;
  outcome: 'succeeded' | 'retry' | 'failed';
}

interface ApiKeysTable {
  id: string;
  name: string;
  prefix: string;
  hash: string;
  scopes: readonly string[];
  created_at: At;
  last_used_at: NullableAt;
  revoked_at: NullableAt;
}

export type Database = Kysely<Tables>;
export type Transaction = KyselyTransaction<Tables>;
