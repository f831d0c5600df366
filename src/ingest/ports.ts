/**
 * What ingest needs of the rest of the service, as narrow faces; the real store and bus fit them by shape.
 * Times are UTC epoch ms.
 */
import type { Segment } from '../bus/segment.ts';

export type CameraState = 'connecting' | 'live' | 'stalled' | 'backoff' | 'offline';

export interface CameraStatus {
  readonly state: CameraState;
  readonly sinceMs: number;
  readonly reason: string | null;
  readonly lastFrameMs: number | null;
  /** Sampled frames a second over the last seconds. */
  readonly framesPerSecond: number | null;
  readonly reconnects: number;
  readonly codec: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

export interface IngestCamera {
  readonly id: string;
  readonly name: string;
  /** Without userinfo; a change of it, or of `hasCredentials`, connects anew. */
  readonly url: string;
  readonly enabled: boolean;
  readonly settings: {
    readonly packs: readonly string[];
    readonly transport: 'tcp' | 'udp';
    readonly recordChunks: boolean;
  };
  readonly status: CameraStatus;
  readonly updatedMs: number;
}

export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly cameraId: string | null;
  readonly incidentId: string | null;
  readonly body: string;
  readonly createdMs: number;
}

/** New rows of the outbox, to be announced and enqueued. */
export interface AppendedEvents {
  readonly events: readonly { readonly sequence: number; readonly id: string; readonly type: string }[];
  readonly deliveryIds: readonly string[];
}

export interface RecordedChunk {
  readonly cameraId: string;
  readonly path: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly sizeBytes: number;
}

export interface IngestStore {
  readonly cameras: {
    all(): Promise<readonly IngestCamera[]>;
    /** The full URL with its password. */
    sourceUrl(id: string): Promise<string>;
    takeToken(id: string, purpose: 'ingest'): Promise<number>;
    /** Null where `token` is not the newest: another process owns the camera. */
    setStatus(
      id: string,
      status: CameraStatus,
      token: number,
      events: readonly NewEvent[],
    ): Promise<AppendedEvents | null>;
    addDropped(id: string, counts: Readonly<Record<string, number>>): Promise<unknown>;
  };
  readonly chunks: { add(chunk: RecordedChunk): Promise<unknown> };
}

export interface SegmentSink {
  publish(segment: Segment): Promise<{ readonly dropped: number }>;
}

export interface CameraLease {
  readonly held: boolean;
  acquire(): Promise<boolean>;
  release(): Promise<void>;
}

/** Opens the lease of one camera; `onLost` is called once when another has it. */
export type OpenLease = (cameraId: string, onLost: (reason: string) => void) => CameraLease;

export interface CameraNotices {
  /** `onMissed`: notices may have been lost, look for yourself. Returns what ends it. */
  subscribe(
    onNotice: (notice: { readonly kind: string; readonly id: string }) => void,
    onMissed?: () => void,
  ): () => void;
}
