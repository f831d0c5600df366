import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const LATENCY_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every metric of the service, in one table; `docs/metrics.md` is generated from it. Labels never hold URLs or secrets. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'vedette_process_' });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `vedette_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `vedette_${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets = LATENCY_BUCKETS_SECONDS,
  ) => new Histogram<L>({ name: `vedette_${name}`, help, labelNames: [...labelNames], buckets, registers: [registry] });

  return {
    registry,
    framesSampled: counter('ingest_frames_sampled_total', 'Sampled frames that were decoded', ['camera']),
    reconnects: counter('ingest_reconnects_total', 'Times that a camera had to be connected again', [
      'camera',
      'reason',
    ]),
    cameraState: gauge('camera_state', '1 for the state that the camera is in', ['camera', 'state']),
    cameraHealth: gauge('camera_health', '1 for what the pictures say about the camera itself', ['camera', 'state']),
    chunksRecorded: counter('ingest_chunks_recorded_total', 'Chunks of the untouched stream written to disk', [
      'camera',
    ]),
    segmentsPublished: counter('segments_published_total', 'Segments handed to the bus', ['camera']),
    segmentsDropped: counter('segments_dropped_total', 'Segments lost to a bounded buffer, by reason', [
      'camera',
      'reason',
    ]),
    segmentsScored: counter('segments_scored_total', 'Segments scored and committed', ['camera']),
    segmentDelay: histogram('segment_delay_seconds', 'From the capture of the last frame to the committed score', [
      'camera',
    ]),
    inferBatchSize: histogram(
      'infer_batch_size',
      'Segments (of a detector: parts of pictures) in one ONNX run',
      ['pack'],
      [1, 2, 4, 8, 16, 32, 64],
    ),
    inferRun: histogram('infer_run_seconds', 'Duration of one ONNX run', ['pack']),
    inferWait: histogram('infer_wait_seconds', 'Time that a segment waits for its batch', ['pack']),
    detectorSkipped: counter(
      'infer_detector_skipped_total',
      'Segments that a detector left out because the runner was behind',
      ['pack'],
    ),
    runnerRestarts: counter('infer_runner_restarts_total', 'Times that the runner was replaced, by reason', ['reason']),
    runnerProvider: gauge('infer_runner_provider', '1 for the ONNX execution provider in use', ['provider']),
    incidents: counter('incidents_total', 'Incident changes', ['camera', 'change']),
    deliveries: counter('deliveries_total', 'Attempts to deliver a webhook, by outcome', ['outcome']),
    deliveryAttempt: histogram('delivery_attempt_seconds', 'Duration of one delivery attempt'),
    clips: counter('clips_total', 'Evidence clips and snapshots, by outcome', ['kind', 'outcome']),
    httpRequests: histogram('http_request_seconds', 'REST requests', ['method', 'route', 'status']),
    sseClients: gauge('api_event_streams', 'Open live event streams'),
    sseDropped: counter(
      'api_event_streams_dropped_total',
      'Live event streams let go of because the client did not read',
    ),
    redisUp: gauge('redis_up', '1 if Redis took a write at the last look of /readyz'),
    storeUp: gauge('store_up', '1 if the database took a write at the last look of /readyz'),
    leasesHeld: gauge('leases_held', 'Cameras owned by this process', ['role']),
    diskFreeBytes: gauge('disk_free_bytes', 'Free space of the data folder'),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
