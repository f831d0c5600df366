/** What this role needs of the rest of the service, and no more; the store's repositories and the bus fit these faces. */

/** One alert for one endpoint, as it stands in the database. */
export interface Delivery {
  readonly id: string;
  /** `msg_…`, sent as webhook-id. */
  readonly eventId: string;
  readonly endpointId: string;
  readonly state: 'pending' | 'succeeded' | 'failed';
  /** Attempts recorded so far. */
  readonly attempts: number;
  /** Of these, since it was made or last replayed: the place in the schedule. */
  readonly roundAttempts: number;
  /** UTC ms; in the future while waiting, and while another worker has claimed it. */
  readonly nextAttemptMs: number | null;
  /** The stored text, whose UTF-8 bytes are sent at every attempt. */
  readonly body: string;
  readonly endpointUrl: string;
  readonly endpointEnabled: boolean;
}

export interface AttemptRecord {
  readonly startedMs: number;
  readonly durationMs: number;
  /** HTTP status; null when no answer came. */
  readonly status: number | null;
  readonly error: string | null;
  readonly outcome: 'succeeded' | 'retry' | 'failed';
  /** Set exactly for `retry`. */
  readonly nextAttemptMs: number | null;
}

export interface DeliveryLedger {
  /** VDT_NOT_FOUND, also once its endpoint has been removed. */
  get(id: string): Promise<Delivery>;
  /**
   * Takes the delivery for one attempt: sets its next attempt to `untilMs`, only if it is pending, has exactly
   * `attempts` recorded attempts and is due at `nowMs`. False means that another worker has it.
   */
  claim(
    id: string,
    claim: { readonly attempts: number; readonly nowMs: number; readonly untilMs: number },
  ): Promise<boolean>;
  /** Writes the attempt to the log and its outcome to the delivery. VDT_NOT_FOUND. */
  recordAttempt(id: string, attempt: AttemptRecord): Promise<unknown>;
  /** Ends a pending delivery without an attempt, because its endpoint is disabled. */
  cancel(id: string, reason: string): Promise<unknown>;
}

/** An alert that the service raises about itself; the shape of the store's outbox. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly cameraId: null;
  readonly incidentId: null;
  readonly body: string;
  readonly createdMs: number;
}

export interface AppendedEvents {
  readonly events: readonly { readonly sequence: number }[];
  readonly deliveryIds: readonly string[];
}

export interface EndpointDirectory {
  /** The `whsec_` secret, opened; held in memory for one signature. VDT_NOT_FOUND. */
  secret(id: string): Promise<string>;
  /** Disables the endpoint and appends the events in one transaction; null if it was disabled already. */
  disable(id: string, reason: string, events: readonly NewEvent[]): Promise<AppendedEvents | null>;
}

export interface DeliveryQueue {
  /** The same (id, attempt) is queued once. */
  enqueueDelivery(id: string, delayMs: number, attempt?: number): Promise<void>;
}

export interface EventAnnouncer {
  publish(notice: { readonly sequence: number }): Promise<void>;
}

export type EvidenceKind = 'clip' | 'snapshot' | 'heatmap';

export interface EvidenceState {
  readonly state: 'pending' | 'ready' | 'failed';
  /** Key in the evidence store; null while there is nothing to see. */
  readonly path: string | null;
}

/** What of an incident decides what its evidence shows. */
export interface ClipIncident {
  readonly id: string;
  readonly cameraId: string;
  readonly state: 'open' | 'closed';
  readonly onsetMs: number;
  readonly openedMs: number;
  readonly lastAnomalousMs: number;
  readonly closedMs: number | null;
  readonly peakMs: number;
  readonly clip: EvidenceState;
  readonly snapshot: EvidenceState;
  readonly heatmap: EvidenceState;
  /** Strangeness of each grid cell at the peak, row-major, 0 to 1; null where the camera's packs give none. */
  readonly heat: readonly number[] | null;
  readonly gridRows: number;
  readonly gridColumns: number;
}

export interface EvidenceUpdate {
  readonly state: 'pending' | 'ready' | 'failed';
  /** Key in the evidence store. */
  readonly path?: string;
  readonly bytes?: number;
  readonly reason?: string;
}

export interface IncidentEvidence {
  /** VDT_NOT_FOUND. */
  get(id: string): Promise<ClipIncident>;
  setEvidence(id: string, kind: EvidenceKind, evidence: EvidenceUpdate): Promise<unknown>;
}

/** A recorded stretch of the untouched stream, a Matroska file. */
export interface RecordedChunk {
  /** Absolute, or relative to the data folder. */
  readonly path: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface ChunkIndex {
  /** Chunks that overlap the stretch, in order of time. */
  covering(cameraId: string, fromMs: number, toMs: number): Promise<readonly RecordedChunk[]>;
}
