import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { ProviderName } from '../runner/provider-name.ts';

const strict = { additionalProperties: false } as const;

const entrySchema = Type.Object(
  {
    /** Where and of what it was measured; an entry holds for nothing else. */
    provider: Type.Union([Type.Literal('tensorrt'), Type.Literal('cuda'), Type.Literal('webgpu'), Type.Literal('cpu')]),
    processor: Type.String(),
    version: Type.String(),
    /** What was found best. */
    batchSize: Type.Integer({ minimum: 1, maximum: 256 }),
    threads: Type.Integer({ minimum: 1, maximum: 256 }),
    millisecondsPerSegment: Type.Number({ minimum: 0 }),
    measured: Type.String(),
  },
  strict,
);
const fileSchema = Type.Object({ format: Type.Literal(1), entries: Type.Array(entrySchema) }, strict);

/** What `vedette models bench` found for a pack on one kind of machine. */
export type TuningEntry = Static<typeof entrySchema>;

/** How to run a pack: the most segments in one run, and threads inside it. */
export type PackTuning = Pick<TuningEntry, 'batchSize' | 'threads'>;

/** What is stored for a pack, by the provider that runs it. */
export type TuningByProvider = Readonly<Partial<Record<ProviderName, PackTuning>>>;

const FILE = 'tuning.json';

/** Name of this machine's processor with the number of cores that this process may use. */
export function processorName(): string {
  return `${(cpus()[0]?.model ?? 'unknown').trim()} x ${availableParallelism()}`;
}

/**
 * What was measured on such a processor for this version of the pack.
 * @param directory folder of the data folder's packs; each pack's file is `<id>/tuning.json`
 * @returns empty where nothing is stored, or nothing that can be read: tuning is never needed
 */
export async function readTuning(
  directory: string,
  { id, version }: { readonly id: string; readonly version: string },
  processor: string = processorName(),
): Promise<TuningByProvider> {
  const entries = await readEntries(directory, id);
  const found = entries.filter((entry) => entry.processor === processor && entry.version === version);
  return Object.fromEntries(
    found.map(({ provider, batchSize, threads }) => [provider, { batchSize, threads }]),
  ) satisfies TuningByProvider;
}

/** `readTuning` of several packs, by id. */
export async function readTunings(
  directory: string,
  packs: readonly { readonly id: string; readonly version: string }[],
): Promise<Readonly<Record<string, TuningByProvider>>> {
  return Object.fromEntries(await Promise.all(packs.map(async (pack) => [pack.id, await readTuning(directory, pack)])));
}

/** What the configuration says wins: its number of threads where it names one (not 0), and its batch size as the most. */
export function withinSettings(
  tunings: Readonly<Record<string, TuningByProvider>>,
  settings: { readonly threads: number; readonly batchSize: number },
): Readonly<Record<string, TuningByProvider>> {
  const limit = ({ batchSize, threads }: PackTuning): PackTuning => ({
    batchSize: Math.min(batchSize, settings.batchSize),
    threads: settings.threads > 0 ? settings.threads : threads,
  });
  return Object.fromEntries(
    Object.entries(tunings).map(([id, byProvider]) => [
      id,
      Object.fromEntries(Object.entries(byProvider).map(([provider, tuning]) => [provider, limit(tuning)])),
    ]),
  );
}

/** Stores what was found, in the place of an earlier entry of the same provider and processor. */
export async function writeTuning(directory: string, id: string, entry: TuningEntry): Promise<string> {
  const others = (await readEntries(directory, id)).filter(
    ({ provider, processor }) => provider !== entry.provider || processor !== entry.processor,
  );
  const path = join(directory, id, FILE);
  await mkdir(join(directory, id), { recursive: true });
  await writeFile(`${path}.part`, `${JSON.stringify({ format: 1, entries: [...others, entry] }, null, 1)}\n`);
  await rename(`${path}.part`, path);
  return path;
}

async function readEntries(directory: string, id: string): Promise<readonly TuningEntry[]> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, id, FILE), 'utf8'));
    return Value.Check(fileSchema, value) ? value.entries : [];
  } catch {
    return [];
  }
}
