import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type {
  ApiStore,
  BudgetReplayReport,
  CameraLearning,
  CameraSettings,
  ChangeNoticePublisher,
  EventNoticeSubscriber,
  EvidenceReader,
  SourceReport,
} from './ports.ts';

/** A part that readiness looks at: resolves when it works (after a real write), rejects with what is wrong. */
export interface ReadinessCheck {
  readonly name: string;
  check(): Promise<unknown>;
}

/** All that the API is made of; `cli` hands it in. */
export interface ApiDeps {
  readonly store: ApiStore;
  readonly evidence: EvidenceReader;
  readonly changeNotices: ChangeNoticePublisher;
  readonly eventNotices: EventNoticeSubscriber;
  /** Connects once to a camera and says what it found; never throws for what is wrong with the camera. */
  testSource(
    url: string,
    options: { readonly transport: 'tcp' | 'udp'; readonly signal: AbortSignal },
  ): Promise<SourceReport>;
  /** Throws unless the scheme and form of a camera URL are allowed. */
  checkSource(url: string): unknown;
  /** Throws unless every pack is there and intact. */
  checkPacks(packIds: readonly string[]): unknown;
  /** Which of the packs, or of those that they bring along, reads a camera's definitions; null where none does. */
  textPackOf(packIds: readonly string[]): Promise<string | null>;
  /** How far learning had come in a learnt state. Throws where the bytes are none. */
  readLearnedState(state: Uint8Array): CameraLearning;
  /** Throws unless webhooks may be sent to this URL (invariant 7). */
  checkTarget(url: string): Promise<unknown>;
  /** What another budget would have given, decided from stored scores alone. */
  replayBudget(question: {
    readonly cameraId: string;
    readonly fromMs: number;
    readonly toMs: number;
    readonly alertBudgetPerDay: number;
  }): Promise<BudgetReplayReport>;
  /** Hands a delivery of the outbox to the queue; one that gets lost is found by the sweep. */
  enqueueDelivery(deliveryId: string, delayMs: number): Promise<unknown>;
  /** Puts a test event for this endpoint alone into the outbox and queues it. @throws VDT_NOT_FOUND, VDT_CONFLICT when disabled */
  pingEndpoint(endpointId: string): Promise<{ readonly eventId: string; readonly deliveryId: string }>;
  readonly readiness: readonly ReadinessCheck[];
  readonly settings: ApiSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export interface ApiSettings {
  readonly version: string;
  /** How others reach the service; links begin with it, and are paths without it. */
  readonly publicUrl?: string;
  /** What a new camera gets where the request says nothing. */
  readonly cameraDefaults: CameraSettings;
  /** Addresses (CIDR) of reverse proxies whose X-Forwarded-For is believed; none by default. */
  readonly trustProxy?: readonly string[];
  readonly maxEventStreams?: number;
}
