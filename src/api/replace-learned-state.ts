import { problem } from '../platform/errors.ts';
import type { CameraLearning, CameraStateStore, CameraStore } from './ports.ts';

/**
 * Gives a camera what was learnt elsewhere, from recordings. Taking the scoring token first fences off whoever scores
 * the camera now: its next write is refused and it takes the camera up again, with the new state.
 * @throws VDT_NOT_FOUND, VDT_CONFLICT when somebody else does the same
 */
export async function replaceLearnedState(
  store: { readonly cameras: CameraStore; readonly states: CameraStateStore },
  cameraId: string,
  packId: string,
  state: Uint8Array,
  learning: CameraLearning,
): Promise<void> {
  const token = await store.cameras.takeToken(cameraId, 'scoring');
  const saved =
    (await store.states.save(cameraId, token, packId, state)) &&
    (await store.cameras.setLearning(cameraId, learning, token));
  if (!saved)
    throw problem(
      'VDT_CONFLICT',
      { what: 'Camera', id: cameraId, reason: 'is being taken over by somebody else' },
      { hint: 'Try again.' },
    );
}
