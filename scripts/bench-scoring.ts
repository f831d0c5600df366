// What one camera's scoring costs after the pack: processor time a segment, and memory. usage: npm run bench:scoring
import { type CameraModel, openCameraModel } from '../src/infer/camera-model.ts';
import type { SegmentFeatures } from '../src/score/segment-features.ts';
import { openFeatures, SEGMENT_SECONDS } from './bench-alerts/features.ts';

const LEARN_MINUTES = 30;
const WATCHED_SEGMENTS = 1_200;
const CAMERAS = 4;

const stream = await openFeatures({
  kind: 'pavement',
  seed: 1,
  startHour: 12,
  learnMinutes: LEARN_MINUTES,
  monitoredSeconds: WATCHED_SEGMENTS * SEGMENT_SECONDS,
  alertBudgetPerDay: 1,
  gapMinutes: null,
  featureFolder: null,
});
const required = (LEARN_MINUTES * 60) / SEGMENT_SECONDS;
const settings = {
  cameraId: 'bench',
  requiredSegments: required,
  alertBudgetPerDay: 1,
  segmentSeconds: SEGMENT_SECONDS,
  incident: { quietMs: 10_000, alertBudgetPerDay: 1 },
  learnInline: true,
};
const model = openCameraModel(settings, { state: null, runtime: null });
const watched: SegmentFeatures[] = [];
let learnMs = 0;
let extractMs = 0;
let taken = 0;
for await (const features of stream.segments()) {
  taken += 1;
  if (model.learning.done) {
    watched.push(features);
    continue;
  }
  const before = process.cpuUsage();
  model.observe(features);
  if (model.learning.done) learnMs = cpuSince(before);
}
extractMs = stream.spent.extractMs / Math.max(1, taken);

// warm first: what is measured is the hundredth hour, not the first second
for (const features of watched.slice(0, WATCHED_SEGMENTS / 2)) model.observe(features);
const before = process.cpuUsage();
const measured = watched.slice(WATCHED_SEGMENTS / 2);
for (const features of measured) model.observe(features);
const scoreMs = cpuSince(before) / Math.max(1, measured.length);

const state = model.serialize();
const runtime = model.runtime();
const beforeBytes = heldBytes();
const cameras: CameraModel[] = [];
for (let index = 0; index < CAMERAS; index++) cameras.push(openCameraModel(settings, { state, runtime }));
const cameraBytes = (heldBytes() - beforeBytes) / cameras.length;

console.log(
  JSON.stringify({
    scoringMsPerSegment: round(scoreMs),
    packMsPerSegment: round(extractMs),
    scoringOverPack: round(scoreMs / extractMs),
    learningMs: Math.round(learnMs),
    memoryMbPerCamera: round(cameraBytes / 1e6),
    savedStateMb: round(state.length / 1e6),
    runtimeKb: round(JSON.stringify(runtime).length / 1e3),
  }),
);

function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/** What is alive after collecting garbage (node --expose-gc). */
function heldBytes(): number {
  for (let round = 0; round < 3; round++) (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
