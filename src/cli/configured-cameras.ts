import { parseSourceUrl } from '../ingest/source-url.ts';
import type { CameraConfig, Config } from '../platform/config-schema.ts';
import { VedetteError } from '../platform/errors.ts';
import type { CameraInput, CameraSettings } from '../store/cameras.ts';
import type { Store } from '../store/store.ts';
import type { Parts } from './parts.ts';

/**
 * Brings the cameras of the configuration file into the database. One that is no longer in the file is left alone and
 * named in the log: a line lost from a file must not delete what a camera has learnt.
 */
export async function syncConfiguredCameras({
  store,
  config,
  logger,
  defaultPacks,
}: Pick<Parts, 'store' | 'config' | 'logger' | 'defaultPacks'>): Promise<void> {
  const wanted = new Map(config.cameras.map((camera) => [camera.id, camera]));
  for (const camera of wanted.values()) parseSourceUrl(camera.url);
  for (const camera of wanted.values()) await upsert(store, inputOf(camera, config, defaultPacks));
  for (const camera of await store.cameras.all()) {
    if (camera.origin === 'config' && !wanted.has(camera.id))
      logger.warn({ camera: camera.id }, 'camera.no-longer-configured');
  }
}

function inputOf(camera: CameraConfig, config: Config, defaultPacks: readonly string[]): CameraInput {
  const settings: Partial<CameraSettings> = {
    alertBudgetPerDay: camera.alertBudgetPerDay ?? config.alertBudgetPerDay,
    packs: camera.packs ?? defaultPacks,
    transport: camera.transport ?? 'tcp',
    recordChunks: camera.recordChunks ?? true,
    learningMinutes: camera.learningMinutes ?? null,
    zones: camera.zones ?? [],
  };
  return {
    id: camera.id,
    name: camera.name ?? camera.id,
    url: camera.url,
    enabled: camera.enabled ?? true,
    origin: 'config',
    settings,
  };
}

async function upsert(store: Store, input: CameraInput): Promise<void> {
  const { id, ...fields } = input;
  try {
    await store.cameras.update(id, fields);
  } catch (thrown) {
    if (!(thrown instanceof VedetteError && thrown.code === 'VDT_NOT_FOUND')) throw thrown;
    await store.cameras.create(input);
  }
}
