// Writes the generated reference pages into docs/. usage: npm run docs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceDocs } from './reference-docs.ts';

for (const [name, text] of Object.entries(await referenceDocs())) {
  writeFileSync(join('docs', name), text);
  console.log(`docs/${name}: ${text.length} characters`);
}
process.exit(0);
