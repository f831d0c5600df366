import { CameraLane } from '../../src/infer/camera-lane.ts';
import { openCameraModel } from '../../src/infer/camera-model.ts';
import { learnInline } from '../../src/infer/learner.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { openSecretBox } from '../../src/platform/secret-box.ts';
import { openStore } from '../../src/store/open-store.ts';
import { putMover, SyntheticStreet } from '../unit/score/synthetic-street.ts';

/*
 * One life of a camera's scoring, as a process of its own that may be killed: opens the store, goes on where the last life
 * ended, scores to the end. Prints each committed sequence.
 * Arguments: data folder, key file, first segment that is an anomaly, number of segments.
 */
const CAMERA = 'yard';
const EPOCH = Date.UTC(2026, 0, 1);
const LEARNING_SEGMENTS = 240;

const [dataDir = '', keyFile = '', anomalyFrom = '0', count = '0'] = process.argv.slice(2);
const logger = silentLogger;
const store = await openStore({ dataDir, secretBox: await openSecretBox(keyFile), logger });
if ((await store.cameras.all()).length === 0) {
  await store.cameras.create({ id: CAMERA, url: 'rtsp://192.0.2.7/live' });
}
const token = await store.cameras.takeToken(CAMERA, 'scoring');
const saved = await store.states.runtime(CAMERA);
const incident = { quietMs: 5_000, alertBudgetPerDay: 1, gridRows: 10, gridColumns: 15 };
const model = openCameraModel(
  { cameraId: CAMERA, requiredSegments: LEARNING_SEGMENTS, alertBudgetPerDay: 1, segmentSeconds: 0.5, incident },
  { state: await store.states.load(CAMERA, 'motion-grid'), runtime: saved?.runtime ?? null },
);
let release = () => {};
const lane = new CameraLane({
  camera: { id: CAMERA, name: CAMERA },
  token,
  packId: 'motion-grid',
  model,
  committed: saved && { epoch: saved.epoch, sequence: saved.sequence },
  quietMs: 5_000,
  fullBatch: 1,
  publicUrl: '',
  clock: systemClock,
  logger,
  learn: learnInline,
  commit: (commit) => store.commitScores(commit),
  acknowledge: async () => {},
  onRelease: () => release(),
  onCommitted: () => process.stdout.write(`${lane.committed?.sequence ?? -1}\n`),
  onUnscorable: (reason) => process.stderr.write(`unscorable: ${reason}\n`),
  onLeaseLost: () => process.exit(3),
});

const street = new SyntheticStreet(1);
for (let sequence = 0; sequence < Number(count); sequence++) {
  const unusual = sequence >= Number(anomalyFrom) && sequence < Number(anomalyFrom) + 12;
  // drawn from the first on, whichever of them are still to be scored: the street goes on while nobody looks
  const features = street.segment(sequence, EPOCH, (values) => {
    if (unusual) putMover(values, 5, sequence % 15, 5);
  });
  if (saved && sequence <= saved.sequence) continue;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  lane.accept({
    cameraId: CAMERA,
    assignment: 1,
    packId: 'motion-grid',
    entryId: `${sequence}`,
    fencingToken: 1,
    features,
  });
  await released;
}
await lane.stop();
await store.close();
