import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problem, reasonOf } from '../../platform/errors.ts';
import type { ExportedVideo } from './exported-video.ts';
import { npyBytes, npyShape } from './npy-writer.ts';

/** What made the features of a folder; features of different packs must never lie in one. */
export interface FeatureOrigin {
  /** The extractor whose descriptors they are. */
  readonly pack: string;
  readonly version: string;
  /** Descriptor length, D. */
  readonly dims: number;
  readonly secondsPerSnippet: number;
  /** SHA-256 of the pack's files by name: a pack may be pulled again, from another checkpoint. */
  readonly files: Readonly<Record<string, string>>;
}

/** A row of labels.csv. */
export interface FeatureRow extends Pick<ExportedVideo, 'name' | 'label' | 'group' | 'split' | 'source'> {
  readonly dataset: string;
  readonly snippets: number;
}

interface FolderManifest extends FeatureOrigin {
  readonly format: 1;
  readonly videos: readonly FeatureRow[];
}

const MANIFEST = 'features.json';
/** What `vedette_training.data` reads. */
const COLUMNS = ['video', 'label', 'group', 'split', 'seconds_per_snippet'];

/** A folder of features: one .npy a video, labels.csv, `truth/` for test recordings, and features.json, which says what made them. */
export class FeatureFolder {
  readonly directory: string;
  readonly #origin: FeatureOrigin;
  readonly #rows: Map<string, FeatureRow>;

  private constructor(directory: string, origin: FeatureOrigin, rows: Map<string, FeatureRow>) {
    this.directory = directory;
    this.#origin = origin;
    this.#rows = rows;
  }

  /** Makes the folder, or goes on with it. Throws VDT_FEATURES_DIFFER where it holds features of another pack. */
  static async open(directory: string, origin: FeatureOrigin): Promise<FeatureFolder> {
    await mkdir(join(directory, 'truth'), { recursive: true }).catch((thrown: unknown) => {
      throw problem('VDT_FEATURES_DIFFER', { directory, field: 'the folder', reason: reasonOf(thrown) });
    });
    const known = await readManifest(directory);
    if (known) checkOrigin(directory, known, origin);
    const folder = new FeatureFolder(directory, origin, new Map(known?.videos.map((row) => [row.name, row])));
    if (!known) await folder.save();
    return folder;
  }

  path(name: string): string {
    return join(this.directory, `${name}.npy`);
  }

  /** Snippets of a video that an earlier run finished; null where it is still to be done. */
  async finished({ name }: ExportedVideo): Promise<number | null> {
    const shape = await shapeOf(this.path(name));
    return shape !== null && shape[0] > 0 && shape[1] === this.#origin.dims ? shape[0] : null;
  }

  /** @param truth 1 where the snippet is abnormal */
  async writeTruth(name: string, truth: Uint8Array): Promise<void> {
    const path = join(this.directory, 'truth', `${name}.npy`);
    await writeFile(`${path}.part`, npyBytes(truth));
    await rename(`${path}.part`, path);
  }

  note(row: FeatureRow): void {
    this.#rows.set(row.name, row);
  }

  /** The row of a name, of whatever dataset. */
  row(name: string): FeatureRow | null {
    return this.#rows.get(name) ?? null;
  }

  /** Writes features.json and labels.csv; both list what is finished, of every dataset that came into this folder. */
  async save(): Promise<void> {
    const videos = [...this.#rows.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const manifest: FolderManifest = { format: 1, ...this.#origin, videos };
    await replace(join(this.directory, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
    const rows = videos.map((row) => [row.name, row.label, row.group, row.split, this.#origin.secondsPerSnippet]);
    const text = [COLUMNS, ...rows].map((row) => row.map((value) => csvField(String(value))).join(',')).join('\n');
    await replace(join(this.directory, 'labels.csv'), `${text}\n`);
  }
}

async function readManifest(directory: string): Promise<FolderManifest | null> {
  const text = await readFile(join(directory, MANIFEST), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const manifest = JSON.parse(text) as FolderManifest;
    if (manifest.format === 1 && Array.isArray(manifest.videos)) return manifest;
  } catch {
    // told below
  }
  throw problem('VDT_FEATURES_DIFFER', { directory, field: MANIFEST, reason: 'cannot be read' });
}

function checkOrigin(directory: string, known: FeatureOrigin, wanted: FeatureOrigin): void {
  const refuse = (field: string, found: unknown, now: unknown) =>
    problem('VDT_FEATURES_DIFFER', { directory, field, reason: `is ${String(found)} there and ${String(now)} now` });
  for (const field of ['pack', 'version', 'dims', 'secondsPerSnippet'] as const) {
    if (known[field] !== wanted[field]) throw refuse(field, known[field], wanted[field]);
  }
  for (const [file, sha256] of Object.entries(wanted.files)) {
    if (known.files[file] !== sha256) throw refuse(`SHA-256 of ${file}`, known.files[file], sha256);
  }
}

async function shapeOf(path: string): Promise<readonly [number, number] | null> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
    return npyShape(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}

/** RFC 4180: quoted where it holds a comma, a quote or a line break. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
