import type { Segment } from '../../bus/segment.ts';
import type { ReaderLossReason } from '../../bus/segment-reader.ts';
import type { ErrorCode, VedetteError } from '../../platform/errors.ts';
import type { SegmentFeatures } from '../../score/segment-features.ts';
import type { Pack } from '../packs/pack-registry.ts';
import type { TuningByProvider } from '../tuning/pack-tuning.ts';
import type { ProviderName, ProviderReport } from './provider-chain.ts';

/** What the role and its runner say to one another (Node IPC, `serialization: 'advanced'`). */
export type ToRunner =
  | { readonly type: 'start'; readonly settings: RunnerSettings }
  | { readonly type: 'ping'; readonly id: number }
  | ({ readonly type: 'assign' } & Assignment)
  | { readonly type: 'unassign'; readonly cameraId: string }
  /** So many of the camera's features are done with: as many segments more may be read. */
  | { readonly type: 'release'; readonly cameraId: string; readonly assignment: number; readonly count: number }
  | {
      readonly type: 'extract';
      readonly callId: number;
      readonly packIds: readonly string[];
      readonly segment: Segment;
      /** Ids of learned packs that do not look at it. */
      readonly resting?: readonly string[];
    }
  /** Which learned packs do not look at a camera's next segments. */
  | {
      readonly type: 'attend';
      readonly cameraId: string;
      readonly assignment: number;
      readonly resting: readonly string[];
    }
  | {
      readonly type: 'embed-text';
      readonly callId: number;
      readonly packId: string;
      readonly texts: readonly string[];
    }
  | { readonly type: 'stop' };

/** Every message also tells what ran since the one before: a message of its own for each run would cost more than a small pack. */
export type FromRunner = RunnerMessage & { readonly runs?: readonly PackRun[] };

type RunnerMessage =
  | { readonly type: 'ready'; readonly providers: readonly ProviderReport[]; readonly refused: readonly RefusedPack[] }
  | { readonly type: 'refused'; readonly error: PlainError }
  | { readonly type: 'pong'; readonly id: number }
  | ({ readonly type: 'features' } & LiveFeatures)
  | {
      readonly type: 'lost';
      readonly cameraId: string;
      readonly count: number;
      readonly reason: RunnerLossReason;
    }
  | { readonly type: 'extracted'; readonly callId: number; readonly features: SegmentFeatures }
  | { readonly type: 'failed'; readonly callId: number; readonly error: PlainError }
  | { readonly type: 'texts'; readonly callId: number; readonly embeddings: readonly Float32Array[] }
  | { readonly type: 'texts-failed'; readonly callId: number; readonly error: PlainError }
  /** A detector looked at so many segments, or a pack left out so many because the runner was behind. */
  | {
      readonly type: 'looked';
      readonly packId: string;
      /** Tiles that went through the model. */
      readonly tiles: number;
      readonly runMs: number;
      readonly skipped: number;
    }
  /** Whether the runner reaches the segment streams. */
  | { readonly type: 'bus'; readonly up: boolean; readonly reason: string | null };

/** One run of a pack's model. */
export interface PackRun {
  readonly packId: string;
  /** Segments in it. */
  readonly size: number;
  readonly runMs: number;
  /** How long each of them had waited. */
  readonly waitsMs: readonly number[];
}

/** A pack that could not be opened, though its files are sound. */
export interface RefusedPack {
  readonly packId: string;
  readonly error: PlainError;
}

export interface RunnerSettings {
  readonly packs: readonly Pack[];
  /** Ids of packs without which the runner is of no use; the others may be refused one by one. Default: all. */
  readonly required?: readonly string[];
  readonly providers: readonly ProviderName[];
  /** Threads inside one run. */
  readonly threads: number;
  readonly batchSize: number;
  /** What was measured best on this machine, within what is configured (`withinSettings`). */
  readonly tuning?: Readonly<Record<string, TuningByProvider>>;
  readonly batchWaitMs: number;
  /** Streams of live cameras; null where segments come by `extract` alone. Travels by IPC, never by argument. */
  readonly redisUrl: string | null;
  readonly consumer: string;
  /** Segments of one camera between being read and `release`. */
  readonly inFlightPerCamera: number;
}

export interface Assignment {
  readonly cameraId: string;
  /** `PackPlan.ids`. */
  readonly packIds: readonly string[];
  /** Distinguishes this assignment from earlier ones of the same camera, whose features may still be under way. */
  readonly assignment: number;
  /** Segments with a lower fencing token are refused. */
  readonly minimumToken: number;
  /** Ids of learned packs that do not look until an `attend` says so. */
  readonly resting?: readonly string[];
}

/** Features of one live segment; acknowledge `entryId` when their outcome is committed. */
export interface LiveFeatures {
  readonly cameraId: string;
  readonly assignment: number;
  /** Ids of the packs, joined with `+`. */
  readonly packId: string;
  readonly entryId: string;
  readonly fencingToken: number;
  /** Null where the segment could not be used: acknowledge it, it was counted. */
  readonly features: SegmentFeatures | null;
}

/** `mismatch`: the segment is not what the pack takes. `failed`: the model failed on it. */
export type RunnerLossReason = ReaderLossReason | 'mismatch' | 'failed';

/** An error that crosses the process boundary. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly values: Readonly<Record<string, string | number>>;
  readonly hint: string;
}

export function toPlainError(error: VedetteError): PlainError {
  return { code: error.code, values: error.values, hint: error.hint };
}
