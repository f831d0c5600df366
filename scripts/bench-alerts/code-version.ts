import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCENES = ['src/scene'];
/** All that a camera's result hangs on, beside its settings; how results are counted and printed does not belong to it. */
const RESULTS = [
  ...SCENES,
  'src/score',
  'src/incident',
  'src/infer/camera-model.ts',
  'src/infer/packs',
  'src/infer/runner',
  'models/motion-grid',
  'scripts/bench-alerts/features.ts',
  'scripts/bench-alerts/virtual-camera.ts',
];
/** Nobody reviews anything here: what reviews change changes no result. Neither do words about the code. */
const WITHOUT = [/^src\/score\/feedback\//, /\.md$/];

/** Eight hex digits that change with the code and the pack that results come from. */
export const codeVersion = (): Promise<string> => digestOf(RESULTS);

/** Likewise of the generated scenes alone. */
export const scenesVersion = (): Promise<string> => digestOf(SCENES);

async function digestOf(paths: readonly string[]): Promise<string> {
  const files = (await Promise.all(paths.map((path) => filesBelow(join(ROOT, path)))))
    .flat()
    .filter((file) => !WITHOUT.some((pattern) => pattern.test(relative(ROOT, file))))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${relative(ROOT, file)}\u0000`).update(await readFile(file));
  return hash.digest('hex').slice(0, 8);
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => null);
  if (entries === null) return [path];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
