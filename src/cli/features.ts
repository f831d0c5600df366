import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { loadDataset } from '../eval/load-input.ts';
import type { Pack } from '../infer/packs/pack-registry.ts';
import { segmentSecondsOf } from '../infer/packs/picture-manifest.ts';
import { systemClock } from '../platform/clock.ts';
import { problem, VedetteError } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { createLogger } from '../platform/logger.ts';
import { type Command, type CommandInput, operand } from './command.ts';
import { livePath } from './eval.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { type Extraction, openExtraction } from './extraction.ts';
import { exportVideo } from './feature-export/export-video.ts';
import { type ExportedVideo, exportedVideos } from './feature-export/exported-video.ts';
import { FeatureFolder, type FeatureOrigin } from './feature-export/feature-folder.ts';

export const featuresCommand: Command = {
  name: 'features',
  summary:
    'Writes what a pack makes of the recordings of a dataset, to train heads on (training/README.md).\n\n' +
    '  extract FILE.json   one .npy a recording (float32, snippets x dims), labels.csv, truth/ for test recordings;\n' +
    '                      goes on where it stopped; recordings that cannot be read are named and left out',
  usage: 'extract FILE.json --pack ID --out DIR',
  options: {
    pack: { type: 'string', help: 'an extractor of descriptors: i3d-rgb, clip-vit-b16, fights-encoder, …' },
    out: { type: 'string', help: 'folder to write to; one pack a folder, several datasets may come into one' },
    split: { type: 'string', help: 'what clips are for: train (default) or test; scenes tell themselves' },
  },
  examples: ['vedette features extract fights.json --pack fights-encoder --out features/fights'],
  async run(input) {
    const action = operand(input, 0, 'what to do (extract)', 'features');
    if (action !== 'extract') throw usage(`there is no "features ${action}"`);
    return extract(input);
  },
};

const usage = (reason: string) => problem('VDT_USAGE', { reason }, { hint: 'Run: vedette features --help' });

async function extract(input: CommandInput): Promise<number> {
  const { terminal, values, signal } = input;
  const config = loadConfig(values.config, process.env);
  const file = operand(input, 1, 'the dataset file', 'features');
  const { pack: packId, out, split = 'train' } = values;
  if (packId === undefined) throw usage('--pack is missing');
  if (out === undefined) throw usage('--out is missing');
  if (split !== 'train' && split !== 'test') throw usage(`--split is ${split}, must be train or test`);
  const dataset = await loadDataset(file);
  const extraction = await openExtraction({ config, packIds: [packId], logger: createLogger({ level: 'error' }) });
  try {
    const folder = await FeatureFolder.open(resolve(out), await originOf(extraction, packId));
    const path = livePath(config, extraction.plan, extraction.extract);
    const videos = ownNames(exportedVideos(dataset, resolve(file), split), dataset.name, folder);
    const beginMs = systemClock.monotonicMs();
    const unusable: { readonly file: string; readonly reason: string }[] = [];
    let snippets = 0;
    let present = 0;
    for (const [index, video] of videos.entries()) {
      const tell = () => {
        const rate = snippets / Math.max(1e-3, (systemClock.monotonicMs() - beginMs) / 1_000);
        terminal.progress(
          `${index + 1} of ${videos.length}: ${basename(video.file)}, ${snippets} snippets, ${rate.toFixed(1)} a second`,
        );
      };
      const done = await folder.finished(video);
      if (done !== null) present += 1;
      const count =
        done ??
        (await exportVideo({
          video,
          index,
          path,
          packId,
          folder,
          signal,
          onSnippet: () => {
            snippets += 1;
            tell();
          },
        }).catch((thrown: unknown) => {
          if (!isUnusable(thrown)) throw thrown;
          terminal.note(`left out: ${thrown.message}`);
          unusable.push({ file: video.file, reason: thrown.message });
          return null;
        }));
      if (count === null) continue;
      const { name, label, group, split: part, source } = video;
      folder.note({ name, label, group, split: part, source, dataset: dataset.name, snippets: count });
      await folder.save();
    }
    terminal.progressDone();
    const written = videos.length - unusable.length - present;
    terminal.print(
      `${written} recordings written (${snippets} snippets), ${present} were there, ${unusable.length} left out, in ${folder.directory}`,
    );
    terminal.result({ directory: folder.directory, recordings: videos.length, written, present, snippets, unusable });
    return unusable.length === 0 ? EXIT_CODES.ok.code : EXIT_CODES.refused.code;
  } finally {
    await extraction.close();
  }
}

/** A fault of one recording, not of the whole undertaking. */
function isUnusable(thrown: unknown): thrown is VedetteError {
  return (
    thrown instanceof VedetteError &&
    (thrown.code === 'VDT_RECORDING_UNREADABLE' || thrown.code === 'VDT_FEATURES_NONE')
  );
}

/** A name that another dataset has in the folder already gets the dataset's name before it. */
function ownNames(videos: readonly ExportedVideo[], dataset: string, folder: FeatureFolder): readonly ExportedVideo[] {
  const prefix = dataset.replace(/[^A-Za-z0-9._-]+/g, '_');
  return videos.map((video) => {
    const row = folder.row(video.name);
    if (!row || (row.dataset === dataset && row.source === video.source)) return video;
    const name = `${prefix}_${video.name}`;
    return { ...video, name, group: video.group === video.name ? name : video.group };
  });
}

/** Throws VDT_USAGE where the pack gives no descriptors. */
async function originOf({ packs, plan }: Extraction, packId: string): Promise<FeatureOrigin> {
  const pack = packs.find(({ manifest }) => manifest.id === packId);
  const manifest = pack?.manifest;
  const [dims, ...more] = manifest?.kind === 'extractor' ? manifest.output.dims : [];
  if (!pack || !manifest || dims === undefined || more.length > 0) {
    const found = manifest?.kind === 'extractor' ? 'gives a grid' : `is a ${manifest?.kind ?? 'pack of another kind'}`;
    throw problem(
      'VDT_USAGE',
      { reason: `--pack ${packId} ${found}; features are taken from an extractor of descriptors` },
      { hint: 'One of: i3d-rgb, clip-vit-b16, clip-vit-b32, fights-encoder (vedette models list).' },
    );
  }
  return {
    pack: packId,
    version: manifest.version,
    dims,
    secondsPerSnippet: segmentSecondsOf(plan.base),
    files: await hashesOf(pack),
  };
}

async function hashesOf({ manifest, directory }: Pack): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const { path } of manifest.files) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(directory, path))) hash.update(chunk as Buffer);
    hashes[path] = hash.digest('hex');
  }
  return hashes;
}
