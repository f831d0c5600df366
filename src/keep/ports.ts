/** What this role needs of the rest of the service, and no more; store, bus and media fit these faces. */

/** Leadership: one `keep` in a cluster does the work, the others wait. */
export interface LeaderLease {
  /** True while it surely is ours. */
  readonly held: boolean;
  acquire(): Promise<boolean>;
  release(): Promise<void>;
}

export interface AppendedEvents {
  readonly events: readonly { readonly sequence: number }[];
  readonly deliveryIds: readonly string[];
}

export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly cameraId: null;
  readonly incidentId: null;
  readonly body: string;
  readonly createdMs: number;
}

export interface KeptChunk {
  readonly cameraId: string;
  /** Absolute, or relative to the data folder. */
  readonly path: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly sizeBytes: number;
}

export interface PendingIncident {
  readonly id: string;
  readonly cameraId: string;
  readonly state: 'open' | 'closed';
  readonly onsetMs: number;
}

/** Each `delete…` takes a batch and says how much it took; less than the limit means that it is through. */
export interface KeepStore {
  readonly deliveries: { due(nowMs: number, limit: number): Promise<readonly string[]> };
  readonly incidents: {
    pendingEvidence(limit: number): Promise<readonly PendingIncident[]>;
    deleteBefore(beforeMs: number, limit: number): Promise<readonly string[]>;
    existing(ids: readonly string[]): Promise<ReadonlySet<string>>;
  };
  readonly scores: {
    deleteBefore(beforeMs: number, limit: number): Promise<number>;
    deleteOrphans(limit: number): Promise<number>;
  };
  readonly events: {
    append(event: NewEvent): Promise<AppendedEvents>;
    deleteBefore(beforeMs: number, limit: number): Promise<number>;
  };
  readonly chunks: {
    oldest(limit: number): Promise<readonly KeptChunk[]>;
    orphans(limit: number): Promise<readonly KeptChunk[]>;
    remove(paths: readonly string[]): Promise<unknown>;
    totalBytes(): Promise<number>;
  };
  readonly settings: {
    get(key: string): Promise<unknown>;
    put(key: string, value: unknown): Promise<unknown>;
    remove(key: string): Promise<unknown>;
  };
}

export interface KeepQueues {
  enqueueDelivery(id: string, delayMs: number): Promise<unknown>;
  enqueueClip(incidentId: string, delayMs: number, phase: 'opened' | 'closed'): Promise<unknown>;
}

export interface EventAnnouncer {
  publish(notice: { readonly sequence: number }): Promise<unknown>;
}

export interface EvidenceFolder {
  prefixes(): Promise<readonly string[]>;
  removeAll(prefix: string): Promise<void>;
}

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Space of the file system that holds the folder. */
export type MeasureDisk = (folder: string) => Promise<DiskSpace>;
