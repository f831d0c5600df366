import { type CueHead, type GridShape, type HistorySample, ONCE_MUCH_IS_KNOWN, type Reading } from '../cue-head.ts';
import type { Box } from '../detected-object.ts';
import { follows } from '../follows.ts';
import { patchAround } from './patches.ts';
import {
  learnPersistenceScale,
  type PersistenceSample,
  type PersistenceScale,
  persistenceRaw,
} from './persistence-scale.ts';
import {
  blindState,
  HELD_SECONDS,
  type SceneChangeState,
  type SceneStep,
  startState,
  stepScene,
} from './scene-change-state.ts';
import { edgeChange, learnSceneReference, type SceneReference, type TimedLook } from './scene-reference.ts';
import { type StillLook, stillLookOf } from './still-look.ts';

export type { SceneChangeState } from './scene-change-state.ts';

export interface SceneChangeModel {
  readonly shape: GridShape;
  readonly reference: SceneReference;
  readonly scale: PersistenceScale;
}

/** A cell belongs to the changed object from this share of the strongest cell's persistence on. */
const OBJECT_SHARE = 0.3;
/** What is at least so many cells high, and higher than wide, is somebody standing: people stand longer than luggage is left for. */
const UPRIGHT_CELLS = 3;
const UPRIGHT_SHARE = 0.6;
/** A history has gaps; after longer ones its places are looked at anew. */
const LONGEST_GAP_MS = 60_000;

/**
 * Left and missing objects: what stands still in the picture is compared with how the place always looked (UMAD's detection with
 * reference, on light-independent cell looks instead of warped pictures). Quick changes that stay are held and reported, slow ones
 * followed; a change of the whole picture is taken for light, weather or the camera. What was reported is normal after half an hour.
 */
export const sceneChangeHead: CueHead<SceneChangeModel, SceneChangeState> = {
  name: 'scene-change',
  cues: [
    {
      name: 'left-object',
      weight: 0.1,
      evidence: 'extrapolated',
      // how long things usually stop here is told by few stops in a short history
      maturity: ONCE_MUCH_IS_KNOWN,
      // a shadow or another light changes a cell for good, but nothing stands there that the nets would take for strange: even odds
      confirmedBy: { cue: 'standing', from: 0 },
    },
  ],
  learn(history, shape) {
    const looks = history.map((sample) => ({ look: stillLookOf(sample.values, shape), endMs: sample.endMs }));
    const reference = learnSceneReference(looks, shape);
    const found = foldFindings(history, looks, shape);
    const scale = learnPersistenceScale(found);
    const readings = found.map((finding) => [{ ...finding.reading, raw: persistenceRaw(scale, finding) }]);
    return { model: { shape, reference, scale }, readings };
  },
  start: (model) => startState(model.reference),
  // the background is the state's own: what is learned anew from hours ago knows less of the light of this minute
  carry: (model, state) => (state.persistence.length === model.reference.cells ? state : startState(model.reference)),
  read(model, state, observation) {
    const look = stillLookOf(observation.values, model.shape);
    const step = stepScene(model.reference, state, look, observation);
    const finding = findingOf(model.reference, look, step, false);
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

/** Goes through the history in order of time, each fold by a reference that never saw it. */
function foldFindings(
  history: readonly HistorySample[],
  looks: readonly TimedLook[],
  shape: GridShape,
): readonly Finding[] {
  const references = new Map<number, SceneReference>();
  for (const fold of new Set(history.map((sample) => sample.fold))) {
    const others = looks.filter((_, place) => history[place]?.fold !== fold);
    references.set(fold, learnSceneReference(others.length > 0 ? others : looks, shape));
  }
  let state: SceneChangeState | undefined;
  let last: HistorySample | undefined;
  return history.map((sample, place) => {
    const timed = looks[place];
    const reference = references.get(sample.fold);
    if (timed === undefined || reference === undefined) return NOTHING;
    const gapMs = last?.epoch === sample.epoch ? sample.startMs - last.endMs : Number.POSITIVE_INFINITY;
    if (state === undefined || gapMs < 0 || gapMs > LONGEST_GAP_MS) state = blindState(reference);
    const adjacent = follows(last, sample);
    const step = stepScene(reference, state, timed.look, sample);
    state = step.state;
    last = sample;
    return findingOf(reference, timed.look, step, adjacent);
  });
}

const NOTHING: Finding = { seconds: 0, deviation: 0, follows: false, reading: { cell: 0, value: 0 } };

function findingOf(reference: SceneReference, look: StillLook, step: SceneStep, follows: boolean): Finding {
  const { persistence, background } = step.state;
  if (step.overall) return NOTHING;
  let cell = 0;
  let seconds = 0;
  for (let place = 0; place < persistence.length; place++) {
    const own = persistence[place] as number;
    if (own <= seconds) continue;
    seconds = own;
    cell = place;
  }
  const { deviation } = step;
  if (seconds < HELD_SECONDS) return { seconds, deviation, follows, reading: { cell, value: 0 } };
  const members = patchAround(persistence, cell, OBJECT_SHARE * seconds, reference.columns);
  let change = 0;
  for (const member of members) change += edgeChange(look.values, member, background, step.shift);
  const box = boxOf(members, reference);
  const counted = isUpright(box, reference) ? Math.max(HELD_SECONDS, UPRIGHT_SHARE * seconds) : seconds;
  return { seconds: counted, deviation, follows, reading: { cell, value: change / members.length, box } };
}

function isUpright(box: Box, { cells, columns }: SceneReference): boolean {
  const height = Math.round(((box.bottom - box.top) * cells) / columns);
  return height >= UPRIGHT_CELLS && height > Math.round((box.right - box.left) * columns);
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
