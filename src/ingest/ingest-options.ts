import type { Sampling } from '../bus/sampling.ts';
import type { SpawnProcess } from '../platform/child-process.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { AppendedEvents, CameraNotices, IngestCamera, IngestStore, OpenLease, SegmentSink } from './ports.ts';
import type { LookupHost } from './source-host.ts';
import type { SupervisorLimits } from './supervisor-limits.ts';

export interface IngestSettings {
  readonly ffmpegPath: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly connectTimeoutMs: number;
  readonly stallMs: number;
  readonly offlineMs: number;
  readonly chunkSeconds: number;
  /** For tests. */
  readonly limits?: Partial<SupervisorLimits>;
}

export interface IngestRoleOptions {
  readonly store: IngestStore;
  readonly publisher: SegmentSink;
  readonly openLease: OpenLease;
  readonly notices: CameraNotices;
  readonly settings: IngestSettings;
  readonly spawn: SpawnProcess;
  readonly clock: Clock;
  readonly random: () => number;
  readonly lookup: LookupHost;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The highest rate and size that the camera's packs ask for; throws if a pack is missing. */
  readonly samplingFor: (camera: IngestCamera) => Sampling | Promise<Sampling>;
  /** Camera events were committed: announce them and enqueue their deliveries. Must not throw. */
  readonly onEvents?: (appended: AppendedEvents) => void;
}
