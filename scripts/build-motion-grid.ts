import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildMotionGridPack } from './onnx/motion-grid-pack.ts';

/** Writes models/motion-grid anew: `npx tsx scripts/build-motion-grid.ts`. A test compares the result with what is committed. */
const folder = fileURLToPath(new URL('../models/motion-grid/', import.meta.url));
mkdirSync(folder, { recursive: true });
for (const { name, bytes } of buildMotionGridPack()) {
  writeFileSync(`${folder}${name}`, bytes);
  console.log(`models/motion-grid/${name}: ${bytes.length} bytes`);
}
