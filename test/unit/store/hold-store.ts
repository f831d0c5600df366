import { silentLogger } from '../../../src/platform/logger.ts';
import { createSecretBox } from '../../../src/platform/secret-box.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { cameraInput } from './fixtures.ts';

/** Run as a process of its own by `store-embedded.test.ts`. */
const store = await openStore({
  dataDir: process.argv[2] ?? '',
  secretBox: createSecretBox(new Uint8Array(32).fill(7)),
  logger: silentLogger,
});
await store.cameras.create(cameraInput('from-child'));
process.stdout.write('ready\n');
setInterval(() => undefined, 1_000);
