/**
 * What the API needs of the rest of the service, as narrow faces; the real store, bus and media fit them by shape.
 * Times are UTC epoch ms. `get`, `update`, `remove` and the like throw VDT_NOT_FOUND for an unknown id.
 */
import type { Readable } from 'node:stream';

export type Scope = 'read' | 'write' | 'admin';
export type CameraState = 'connecting' | 'live' | 'stalled' | 'backoff' | 'offline';
export type CameraHealthState = 'ok' | 'frozen' | 'blank' | 'covered' | 'defocused' | 'moved';
export type Severity = 'low' | 'medium' | 'high' | 'critical';
export type Verdict = 'unreviewed' | 'confirmed' | 'dismissed';
export type DeliveryState = 'pending' | 'succeeded' | 'failed';
export type EvidenceKind = 'clip' | 'snapshot' | 'heatmap';
export type Decision = 'alert' | 'review';

export interface CameraSettings {
  readonly alertBudgetPerDay: number;
  readonly packs: readonly string[];
  readonly transport: 'tcp' | 'udp';
  readonly recordChunks: boolean;
  readonly learningMinutes: number | null;
  readonly zones?: readonly (Box & { readonly name: string; readonly raise: number })[];
}

export interface Camera {
  readonly id: string;
  readonly name: string;
  /** Without userinfo. */
  readonly url: string;
  readonly hasCredentials: boolean;
  readonly enabled: boolean;
  /** `config`: comes from the configuration file, which has the last word at the next start. */
  readonly origin: 'api' | 'config';
  readonly settings: CameraSettings;
  readonly status: {
    readonly state: CameraState;
    readonly sinceMs: number;
    readonly reason: string | null;
    readonly lastFrameMs: number | null;
    readonly framesPerSecond: number | null;
    readonly reconnects: number;
    readonly codec: string | null;
    readonly width: number | null;
    readonly height: number | null;
  };
  readonly learning: {
    readonly done: boolean;
    readonly progress: number;
    readonly observedSegments: number;
    readonly requiredSegments: number;
  };
  /** What the pictures say about the camera itself, as of the last one; absent or null before anything was seen. */
  readonly health?: { readonly state: CameraHealthState; readonly sinceMs: number } | null;
  /** Segments lost to bounded buffers, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface CameraInput {
  readonly id: string;
  readonly name: string;
  /** May hold userinfo, which the store encrypts. */
  readonly url: string;
  /** Instead of userinfo in the URL, and stronger than it. */
  readonly credentials?: CameraCredentials | null;
  readonly enabled: boolean;
  readonly settings: CameraSettings;
}

export interface CameraCredentials {
  readonly username: string;
  readonly password: string;
}

export interface CameraPatch {
  readonly name?: string;
  readonly url?: string;
  readonly credentials?: CameraCredentials | null;
  readonly enabled?: boolean;
  readonly settings?: Partial<CameraSettings>;
}

export interface CameraStore {
  create(input: CameraInput): Promise<Camera>;
  update(id: string, patch: CameraPatch): Promise<Camera>;
  /** With its incidents and reviews. */
  remove(id: string): Promise<unknown>;
  get(id: string): Promise<Camera>;
  list(page: { readonly after?: string; readonly limit: number }): Promise<Page<Camera>>;
  /** The full URL with its password. */
  sourceUrl(id: string): Promise<string>;
  /** A fresh fencing token: whoever scores the camera now is refused from then on. */
  takeToken(id: string, purpose: 'scoring'): Promise<number>;
  /** False where `token` is not the newest. */
  setLearning(id: string, learning: Camera['learning'], token: number): Promise<boolean>;
}

/** What scoring has learnt. */
export type CameraLearning = Camera['learning'];

export interface CameraStateStore {
  forget(cameraId: string): Promise<unknown>;
  /** False where `token` is not the newest scoring token. */
  save(cameraId: string, token: number, packId: string, bytes: Uint8Array): Promise<boolean>;
}

export interface ScoreBucket {
  readonly startMs: number;
  readonly endMs: number;
  readonly max: number;
  readonly mean: number;
  readonly count: number;
}

export interface ScoreStore {
  timeline(
    cameraId: string,
    range: { readonly fromMs: number; readonly toMs: number; readonly points: number },
  ): Promise<readonly ScoreBucket[]>;
}

/** What another budget would have given. Times are UTC ms. */
export interface BudgetReplayReport {
  readonly alerts: number;
  readonly reviews: number;
  readonly alertsPerDay: number | null;
  readonly watchedDays: number;
  readonly missingSeconds: number;
  readonly incidents: readonly {
    readonly decision: Decision;
    readonly onsetMs: number;
    readonly openedMs: number;
    readonly lastAnomalousMs: number;
    readonly closedMs: number | null;
    readonly peakScore: number;
  }[];
}

export interface Evidence {
  readonly state: 'pending' | 'ready' | 'failed';
  readonly path: string | null;
  readonly sizeBytes: number | null;
  readonly reason: string | null;
}

export interface Review {
  readonly verdict: Verdict;
  readonly by: string;
  readonly atMs: number;
  readonly momentMs: number | null;
  readonly label: string | null;
  readonly note: string | null;
  /** The reference of the camera that it made; null where it made none. */
  readonly referenceId: string | null;
}

/** A reviewed incident that its camera compares later moments with. */
export interface CameraReference {
  readonly id: string;
  readonly verdict: 'confirmed' | 'dismissed';
  /** Null when the incident was deleted since. */
  readonly incidentId: string | null;
  readonly label: string | null;
  readonly momentMs: number | null;
  readonly moments: readonly unknown[];
  readonly by: string;
  readonly createdMs: number;
}

export interface ReferenceStore {
  list(cameraId: string, page: { readonly cursor?: string; readonly limit: number }): Promise<Page<CameraReference>>;
  remove(cameraId: string, id: string, by: string): Promise<unknown>;
}

/** Part of the picture, each 0 to 1 of its width or height. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface IncidentCue {
  readonly name: string;
  readonly probability: number;
  readonly cell: { readonly row: number; readonly column: number } | null;
  readonly box?: Box | null;
  readonly label?: string | null;
  readonly comparison?: string | null;
}

export interface Incident {
  readonly id: string;
  readonly cameraId: string;
  readonly state: 'open' | 'closed';
  readonly decision: Decision;
  readonly certainty: number;
  readonly severity: Severity;
  readonly kind: string;
  readonly title: string;
  readonly object: string | null;
  readonly onsetMs: number;
  readonly openedMs: number;
  readonly lastAnomalousMs: number;
  readonly closedMs: number | null;
  readonly peakScore: number;
  readonly peakMs: number;
  readonly peakCues: readonly IncidentCue[];
  readonly peakCell: { readonly row: number; readonly column: number } | null;
  readonly gridRows: number;
  readonly gridColumns: number;
  readonly explanation: string;
  readonly nearestNormal: readonly { readonly atMs: number; readonly distance: number }[];
  readonly revision: number;
  readonly clip: Evidence;
  readonly snapshot: Evidence;
  readonly heatmap: Evidence;
  /** Null where nobody has looked yet. */
  readonly review: Review | null;
}

export interface IncidentFilter {
  readonly cameraId?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly state?: 'open' | 'closed';
  readonly severity?: Severity;
  readonly decision?: Decision;
  readonly review?: Verdict;
  readonly cursor?: string;
  readonly limit: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface IncidentStore {
  list(filter: IncidentFilter): Promise<Page<Incident>>;
  get(id: string): Promise<Incident>;
}

export interface ReviewStore {
  put(
    incidentId: string,
    review: {
      readonly verdict: Verdict;
      readonly by: string;
      readonly momentMs?: number;
      readonly label?: string;
      readonly note?: string;
    },
  ): Promise<{ readonly droppedReferences: readonly string[] }>;
}

export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly description: string;
  readonly eventTypes: readonly string[] | null;
  readonly cameraIds: readonly string[] | null;
  readonly includeReview: boolean;
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  readonly createdMs: number;
  readonly updatedMs: number;
}

export interface EndpointInput {
  readonly url: string;
  readonly description?: string;
  readonly eventTypes: readonly string[] | null;
  readonly cameraIds: readonly string[] | null;
  readonly includeReview?: boolean;
}

export interface EndpointStore {
  create(input: EndpointInput): Promise<{ readonly endpoint: Endpoint; readonly secret: string }>;
  update(id: string, patch: Partial<EndpointInput> & { readonly enabled?: boolean }): Promise<Endpoint>;
  remove(id: string): Promise<unknown>;
  get(id: string): Promise<Endpoint>;
  list(page: { readonly cursor?: string; readonly limit: number }): Promise<Page<Endpoint>>;
}

export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly endpointId: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAttemptMs: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdMs: number;
  readonly completedMs: number | null;
}

export interface DeliveryDetail extends Delivery {
  readonly endpointUrl: string;
  readonly body: string;
}

export interface DeliveryAttempt {
  readonly number: number;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly outcome: 'succeeded' | 'retry' | 'failed';
}

export interface DeliveryStore {
  get(id: string): Promise<DeliveryDetail>;
  list(filter: {
    readonly endpointId?: string;
    readonly state?: DeliveryState;
    readonly eventId?: string;
    readonly cursor?: string;
    readonly limit: number;
  }): Promise<Page<Delivery>>;
  attempts(id: string): Promise<readonly DeliveryAttempt[]>;
  replay(id: string): Promise<unknown>;
}

export interface StoredEvent {
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
  readonly cameraId: string | null;
  readonly body: string;
}

export interface EventStore {
  /** Events after `sequence`, in order. */
  since(sequence: number, limit: number): Promise<readonly StoredEvent[]>;
  /** The newest event's sequence; 0 without any. */
  lastSequence(): Promise<number>;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** Its first characters, to tell keys apart. */
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdMs: number;
  readonly lastUsedMs: number | null;
  readonly revokedMs: number | null;
}

export interface ApiKeyStore {
  create(input: { readonly name: string; readonly scopes: readonly Scope[] }): Promise<{ id: string; key: string }>;
  verify(key: string): Promise<{ readonly id: string; readonly scopes: readonly Scope[] } | null>;
  list(): Promise<readonly ApiKey[]>;
  revoke(id: string): Promise<unknown>;
}

/** What is abnormal and what is normal before one camera, in its users' words. */
export interface CameraDefinitions {
  readonly abnormal: readonly { readonly name: string; readonly text: string; readonly examples: readonly string[] }[];
  readonly normal: readonly string[];
  readonly by: string;
  readonly updatedMs: number;
}

export interface DefinitionStore {
  /** Null where nothing was defined. */
  ofCamera(cameraId: string): Promise<CameraDefinitions | null>;
  put(cameraId: string, definitions: Omit<CameraDefinitions, 'updatedMs'>): Promise<CameraDefinitions>;
  /** Again is no error. */
  remove(cameraId: string): Promise<unknown>;
}

export interface ApiStore {
  readonly cameras: CameraStore;
  readonly states: CameraStateStore;
  readonly scores: ScoreStore;
  readonly incidents: IncidentStore;
  readonly reviews: ReviewStore;
  readonly references: ReferenceStore;
  readonly definitions: DefinitionStore;
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  readonly events: EventStore;
  readonly apiKeys: ApiKeyStore;
}

/** Tells other roles that something was changed; a lost notice only delays them. */
export interface ChangeNoticePublisher {
  /** `id` is the camera's for `camera`, for `review` (its references changed) and for `definitions`. */
  publish(notice: {
    readonly kind: 'camera' | 'endpoint' | 'review' | 'definitions';
    readonly id: string;
  }): Promise<unknown>;
}

/** Wakes the live streams; a lost notice only costs the poll interval. */
export interface EventNoticeSubscriber {
  subscribe(onNotice: (notice: { readonly sequence: number }) => void, onMissed?: () => void): () => void;
}

export interface EvidenceReader {
  /** Null without the object; `etag` changes whenever the content does. */
  stat(key: string): Promise<{ readonly sizeBytes: number; readonly etag: string } | null>;
  /** `range` in bytes, both ends inclusive. */
  open(key: string, range?: { readonly start: number; readonly end: number }): Promise<{ readonly stream: Readable }>;
}

/** What a trial connection to a camera found. */
export interface SourceReport {
  readonly ok: boolean;
  /** Why it failed: what (dns, refused, unauthorized, no-video, codec, timeout ...), in words, and what to do. */
  readonly failure: { readonly reason: string; readonly message: string; readonly hint: string } | null;
  readonly video: {
    readonly codec: string;
    readonly width: number | null;
    readonly height: number | null;
    readonly framesPerSecond: number | null;
  } | null;
  readonly durationMs: number;
}
