import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';
import { createSecretBox } from '../../../src/platform/secret-box.ts';
import { MAXIMUM_REFERENCES } from '../../../src/store/camera-references.ts';
import type { IncidentMoment } from '../../../src/store/incidents.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { cameraInput, commit, incident, START_MS } from './fixtures.ts';

const OPEN_TIMEOUT_MS = 120_000;
const moment = (endMs: number): IncidentMoment => ({ endMs, surprise: 9, values: [1, 0.5] });
const EARLY = moment(START_MS + 2_000);
const LATE = moment(START_MS + 9_000);

describe('what reviews teach a camera', () => {
  const clock = new ManualClock(START_MS);
  let store: Store;
  let token = 0;
  beforeAll(async () => {
    const secretBox = createSecretBox(new Uint8Array(32).fill(7));
    store = await openStore({ dataDir: null, secretBox, logger: silentLogger, clock });
  }, OPEN_TIMEOUT_MS);
  afterAll(() => store?.close());
  beforeEach(async () => {
    await store.cameras.remove('gate').catch(() => undefined);
    await store.cameras.create(cameraInput('gate'));
    token = await store.cameras.takeToken('gate', 'scoring');
  });

  const happened = (id: string, changes: Partial<ReturnType<typeof incident>> = {}) => {
    const closed = { state: 'closed', closedMs: START_MS + 9_000, descriptors: [LATE, EARLY] } as const;
    const one = incident(id, 'gate', { ...closed, ...changes });
    return store.commitScores(commit('gate', token, { changes: [{ type: 'closed', incident: one }] }));
  };
  const references = () => store.references.ofCamera('gate');

  it('is one reference for each review, which tells it; the incident shows it', async () => {
    await happened('inc_1');
    const { review } = await store.reviews.put('inc_1', { verdict: 'dismissed', by: 'guard', label: 'van' });
    const [made, ...others] = await references();
    expect(others).toEqual([]);
    expect(made).toMatchObject({ verdict: 'dismissed', incidentId: 'inc_1', label: 'van', by: 'guard' });
    expect(made?.moments).toEqual([EARLY, LATE]);
    expect(review.referenceId).toBe(made?.id);
    expect((await store.incidents.get('inc_1')).review).toEqual(review);
  });

  it('is replaced by a later verdict, and goes when the verdict is taken back', async () => {
    await happened('inc_1');
    await store.reviews.put('inc_1', { verdict: 'dismissed', by: 'guard' });
    await store.reviews.put('inc_1', { verdict: 'confirmed', by: 'guard' });
    expect((await references()).map((one) => one.verdict)).toEqual(['confirmed']);
    const taken = await store.reviews.put('inc_1', { verdict: 'unreviewed', by: 'guard' });
    expect(taken.review.referenceId).toBeNull();
    expect(await references()).toEqual([]);
  });

  it('is what was seen about the moment that the reviewer points at', async () => {
    await happened('inc_1');
    await store.reviews.put('inc_1', { verdict: 'confirmed', by: 'guard', momentMs: START_MS + 1_000 });
    expect((await references())[0]?.moments).toEqual([EARLY]);
    await store.reviews.put('inc_1', { verdict: 'confirmed', by: 'guard', momentMs: START_MS + 60_000 });
    expect((await references())[0]?.moments).toEqual([LATE]);
  });

  it('grows with an incident that was reviewed while it went on', async () => {
    await happened('inc_1', { state: 'open', closedMs: null, descriptors: [EARLY] });
    await store.reviews.put('inc_1', { verdict: 'dismissed', by: 'guard' });
    await happened('inc_1', { revision: 2 });
    expect((await references())[0]?.moments).toEqual([EARLY, LATE]);
  });

  it('is nothing where nobody knows what the incident looked like', async () => {
    await happened('inc_1', { descriptors: [] });
    const { review } = await store.reviews.put('inc_1', { verdict: 'dismissed', by: 'guard' });
    expect(review.referenceId).toBeNull();
  });

  it('outlives its incident and a reset of learning, and is removed when told to', async () => {
    await happened('inc_1');
    await store.reviews.put('inc_1', { verdict: 'dismissed', by: 'guard' });
    await store.incidents.deleteBefore(START_MS + 60_000, 10);
    await store.states.forget('gate');
    const [kept] = await references();
    expect(kept?.incidentId).toBeNull();
    await store.references.remove('gate', kept?.id ?? '', 'guard');
    expect(await references()).toEqual([]);
    const again = store.references.remove('gate', kept?.id ?? '', 'guard');
    await expect(again).rejects.toMatchObject({ code: 'VDT_NOT_FOUND' });
  });

  it('is bounded: the oldest makes room, and is named', async () => {
    const dropped: string[] = [];
    for (let n = 0; n <= MAXIMUM_REFERENCES; n++) {
      await happened(`inc_${n}`);
      await clock.advance(1);
      const put = await store.reviews.put(`inc_${n}`, { verdict: 'dismissed', by: 'guard' });
      dropped.push(...put.droppedReferences);
    }
    const left = await references();
    expect(left).toHaveLength(MAXIMUM_REFERENCES);
    expect(left[0]?.incidentId).toBe('inc_1');
    expect(dropped).toHaveLength(1);
    const page = await store.references.list('gate', { limit: 2 });
    expect(page.items.map((one) => one.incidentId)).toEqual(['inc_200', 'inc_199']);
    const next = await store.references.list('gate', { limit: 1, cursor: page.nextCursor ?? '' });
    expect(next.items[0]?.incidentId).toBe('inc_198');
  }, 60_000);
});
