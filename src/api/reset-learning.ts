import { problem } from '../platform/errors.ts';
import type { ApiStore } from './ports.ts';

const ATTEMPTS = 3;

/**
 * Forgets what a camera has learnt. Taking the scoring token first means that whoever scores the camera now can write
 * no more and comes back to an empty state. Where it came back too early, with what was not yet forgotten, it is
 * fenced off and forgotten once more. @throws VDT_NOT_FOUND, VDT_CONFLICT when another reset runs
 */
export async function resetLearning(store: Pick<ApiStore, 'cameras' | 'states'>, cameraId: string): Promise<void> {
  const { learning } = await store.cameras.get(cameraId);
  const nothing = { done: false, progress: 0, observedSegments: 0, requiredSegments: learning.requiredSegments };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const token = await store.cameras.takeToken(cameraId, 'scoring');
    await store.states.forget(cameraId);
    if (await store.cameras.setLearning(cameraId, nothing, token)) return;
  }
  throw problem('VDT_CONFLICT', { what: 'Camera', id: cameraId, reason: 'is being reset by somebody else' });
}
