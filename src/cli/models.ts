import { isInstalled, type Pack, type PackListing, type PackRegistry } from '../infer/packs/pack-registry.ts';
import { pullPack } from '../infer/packs/pull-pack.ts';
import { isPullable } from '../infer/packs/verify-file.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config-schema.ts';
import { problem, reasonOf, VedetteError } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { createLogger } from '../platform/logger.ts';
import { type Command, type CommandInput, operand } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { recordingRunner } from './extraction.ts';
import { openPackRegistry } from './installed-packs.ts';
import { benchPack } from './models-bench.ts';
import { table } from './terminal.ts';

export const modelsCommand: Command = {
  name: 'models',
  summary:
    'Shows, fetches and checks the packs (models with their manifests).\n\n' +
    '  list           every pack, and whether its files are here\n' +
    '  pull ID        fetches the files that a pack comes without, from where its manifest says; goes on where it stopped;\n' +
    '                 turns a published checkpoint into the weights that the graphs read\n' +
    '  verify [ID]    checksums, then loads each into ONNX Runtime and compares inputs and outputs with the manifest\n' +
    '  bench ID       tries batch sizes and threads on this machine and stores the best for the service',
  usage: 'list|pull ID|verify [ID]|bench ID',
  options: {
    from: {
      type: 'string',
      help: 'pull: take the file or checkpoint from this path or URL; a folder, or a URL ending with /, where the pack needs several',
    },
  },
  examples: ['vedette models pull yolox-nano', 'vedette models pull yolox-nano --from /media/usb/yolox_nano.onnx'],
  async run(input) {
    const config = loadConfig(input.values.config, process.env);
    const registry = openPackRegistry(config);
    const action = operand(input, 0, 'what to do (list, pull, verify, bench)', 'models');
    switch (action) {
      case 'list':
        return list(input, registry);
      case 'pull':
        return pull(input, registry);
      case 'verify':
        return verify(input, registry, config);
      case 'bench':
        return benchPack(input, registry, config);
      default:
        throw problem(
          'VDT_USAGE',
          { reason: `there is no "models ${action}"` },
          { hint: 'One of: list, pull, verify, bench.' },
        );
    }
  },
};

async function list({ terminal }: CommandInput, registry: PackRegistry): Promise<number> {
  const listings = await registry.list();
  const rows = listings.map(({ id, pack, error }) =>
    pack
      ? [id, pack.manifest.version, pack.manifest.kind, filesOf(pack), pack.manifest.task, pack.manifest.licence]
      : [id, '', '', '', `refused: ${error.message}`, ''],
  );
  terminal.print(
    rows.length === 0
      ? `no packs in ${registry.directory}`
      : table(['ID', 'VERSION', 'KIND', 'FILES', 'TASK', 'LICENCE'], rows),
  );
  terminal.result({
    directory: registry.directory,
    packs: listings.map(({ id, pack, error }) => ({
      id,
      ...(pack
        ? { version: pack.manifest.version, kind: pack.manifest.kind, installed: isInstalled(pack) }
        : { error: error.message }),
    })),
  });
  return EXIT_CODES.ok.code;
}

function filesOf(pack: Pack): string {
  return isInstalled(pack) ? 'here' : 'not pulled';
}

async function pull(input: CommandInput, registry: PackRegistry): Promise<number> {
  const { terminal, values, signal } = input;
  const id = operand(input, 1, 'the pack to fetch', 'models');
  const files = await pullPack({
    registry,
    id,
    from: values.from ?? null,
    fetch,
    clock: systemClock,
    signal,
    onProgress: (path, doneBytes, totalBytes) =>
      terminal.progress(`${path}: ${kilobytes(doneBytes)}${totalBytes === null ? '' : ` of ${kilobytes(totalBytes)}`}`),
  }).finally(() => terminal.progressDone());
  for (const { path, state } of files) terminal.print(`${state === 'present' ? 'already here' : state}  ${path}`);
  terminal.note('A service that runs uses it after its next start; new cameras get a detector by themselves.');
  terminal.result({ id, files });
  return EXIT_CODES.ok.code;
}

async function verify(input: CommandInput, registry: PackRegistry, config: Config): Promise<number> {
  const { terminal } = input;
  const wanted = input.operands[1];
  const listings = await registry.list();
  const missing = wanted === undefined ? listings.filter(isNotPulled).map(({ id }) => id) : [];
  const ids = wanted === undefined ? listings.filter((listing) => !isNotPulled(listing)).map(({ id }) => id) : [wanted];
  const results: { id: string; ok: boolean; reason: string | null; provider: string | null }[] = [];
  for (const id of ids) {
    terminal.progress(`verifying ${id} (${results.length + 1} of ${ids.length})`);
    try {
      results.push({ id, ok: true, reason: null, provider: await providerOf(config, await registry.load(id)) });
    } catch (thrown) {
      const hint = thrown instanceof VedetteError ? ` (${thrown.hint})` : '';
      results.push({ id, ok: false, reason: `${reasonOf(thrown)}${hint}`, provider: null });
    }
  }
  terminal.progressDone();
  for (const { id, ok, provider, reason } of results) {
    terminal.print(ok ? `ok        ${id} (runs on ${provider ?? '?'})` : `REFUSED   ${id}: ${reason ?? ''}`);
  }
  for (const id of missing) terminal.print(`no files  ${id} (vedette models pull ${id})`);
  const ok = results.every((result) => result.ok);
  terminal.result({ ok, packs: results, notPulled: missing });
  return ok ? EXIT_CODES.ok.code : EXIT_CODES.refused.code;
}

function isNotPulled({ pack }: PackListing): boolean {
  return pack !== null && !isInstalled(pack) && pack.manifest.files.some(isPullable);
}

/** Opens the pack in a runner; the execution provider that took it. */
async function providerOf(config: Config, pack: Pack): Promise<string | null> {
  const runner = recordingRunner(config, [pack], createLogger({ level: 'error' }));
  await runner.start();
  const chosen = runner.providers.find((report) => report.state === 'chosen')?.provider ?? null;
  await runner.stop();
  return chosen;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000)} kB`;
}
