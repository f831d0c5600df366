import type { CueHead, GridShape, HistorySample, Reading } from '../cue-head.ts';
import type { Box } from '../detected-object.ts';
import { patchAround } from './patches.ts';
import {
  learnPersistenceScale,
  type PersistenceSample,
  type PersistenceScale,
  persistenceRaw,
} from './persistence-scale.ts';
import { HELD_SECONDS, type SceneChangeState, type SceneStep, startState, stepScene } from './scene-change-state.ts';
import { edgeChange, learnSceneReference, type SceneReference } from './scene-reference.ts';
import { type StillLook, stillLookOf } from './still-look.ts';

export type { SceneChangeState } from './scene-change-state.ts';

export interface SceneChangeModel {
  /** Tells whether a state belongs to this model. */
  readonly id: number;
  readonly shape: GridShape;
  readonly reference: SceneReference;
  readonly scale: PersistenceScale;
}

/** A cell belongs to the changed object from this share of the strongest cell's persistence on. */
const OBJECT_SHARE = 0.3;

/**
 * Left and missing objects: what stands still in the picture is compared with how the place always looked (UMAD's detection with
 * reference, on light-independent cell looks instead of warped pictures). Quick changes that stay are held and reported, slow ones
 * followed; a change of the whole picture is taken for light, weather or the camera. What was reported is normal after half an hour.
 */
export const sceneChangeHead: CueHead<SceneChangeModel, SceneChangeState> = {
  name: 'scene-change',
  cues: [{ name: 'left-object', weight: 0.1, evidence: 'extrapolated' }],
  learn(history, shape) {
    const looks = history.map((sample) => stillLookOf(sample.values, shape));
    const reference = learnSceneReference(looks, shape);
    const found = foldFindings(history, looks, shape);
    const scale = learnPersistenceScale(found);
    const readings = found.map((finding) => [{ ...finding.reading, raw: persistenceRaw(scale, finding) }]);
    return { model: { id: fingerprint(reference), shape, reference, scale }, readings };
  },
  start: (model) => startState(model.reference, model.id),
  carry(model, state) {
    if (state.modelId === model.id) return state;
    const fresh = startState(model.reference, model.id);
    if (state.persistence.length !== fresh.persistence.length) return fresh;
    return { ...fresh, endMs: state.endMs, persistence: state.persistence, heldSeconds: state.heldSeconds };
  },
  read(model, state, observation) {
    const look = stillLookOf(observation.values, model.shape);
    const step = stepScene(model.reference, state, look, observation);
    const finding = findingOf(model.reference, look, step);
    return { readings: [{ ...finding.reading, raw: persistenceRaw(model.scale, finding) }], state: step.state };
  },
  describe(_model, _cue, reading) {
    if (reading.value === 0) return 'the place does not look as usual';
    return reading.value > 0
      ? 'something was left here that has not moved since'
      : 'something that always stood here is missing';
  },
};

interface Finding extends PersistenceSample {
  readonly reading: Omit<Reading, 'raw'>;
}

/** Each fold is gone through in order of time with a reference that never saw it. */
function foldFindings(
  history: readonly HistorySample[],
  looks: readonly StillLook[],
  shape: GridShape,
): readonly Finding[] {
  const findings = new Map<number, Finding>();
  for (const fold of new Set(history.map((sample) => sample.fold))) {
    const others = looks.filter((_, place) => history[place]?.fold !== fold);
    const reference = learnSceneReference(others.length > 0 ? others : looks, shape);
    let state = startState(reference, 0);
    history.forEach((sample, place) => {
      const look = looks[place];
      if (sample.fold !== fold || look === undefined) return;
      const step = stepScene(reference, state, look, sample);
      state = step.state;
      findings.set(place, findingOf(reference, look, step));
    });
  }
  return history.map((_, place) => findings.get(place) ?? NOTHING);
}

const NOTHING: Finding = { seconds: 0, deviation: 0, reading: { cell: 0, value: 0 } };

function findingOf(reference: SceneReference, look: StillLook, step: SceneStep): Finding {
  const { persistence, picture } = step.state;
  if (step.overall) return NOTHING;
  let cell = 0;
  persistence.forEach((seconds, place) => {
    if (seconds > (persistence[cell] ?? 0)) cell = place;
  });
  const seconds = persistence[cell] ?? 0;
  const finding = { seconds, deviation: step.deviation };
  if (seconds < HELD_SECONDS) return { ...finding, reading: { cell, value: 0 } };
  const members = patchAround(persistence, cell, OBJECT_SHARE * seconds, reference.columns);
  const means = reference.pictures[picture]?.means ?? new Float32Array();
  let change = 0;
  for (const member of members) change += edgeChange(look.values, member, means, step.shift);
  const box = boxOf(members, reference);
  return { ...finding, reading: { cell, value: change / members.length, box } };
}

function boxOf(members: readonly number[], { cells, columns }: SceneReference): Box {
  const rows = cells / columns;
  const atColumn = members.map((member) => member % columns);
  const atRow = members.map((member) => Math.floor(member / columns));
  return {
    left: Math.min(...atColumn) / columns,
    top: Math.min(...atRow) / rows,
    right: (Math.max(...atColumn) + 1) / columns,
    bottom: (Math.max(...atRow) + 1) / rows,
  };
}

/** A whole number from the reference's means (FNV-1a over their bits). */
function fingerprint({ pictures }: SceneReference): number {
  let hash = 0x811c9dc5;
  for (const { means } of pictures) {
    for (const word of new Uint32Array(means.buffer, means.byteOffset, means.length)) {
      hash = Math.imul(hash ^ word, 0x01000193);
    }
  }
  return hash >>> 0;
}
