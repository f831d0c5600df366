import { PackRegistry } from '../infer/packs/pack-registry.ts';
import { problem, reasonOf } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { createLogger } from '../platform/logger.ts';
import { type Command, operand } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openExtraction } from './extraction.ts';
import { table } from './terminal.ts';

export const modelsCommand: Command = {
  name: 'models',
  summary:
    'Shows and checks the packs (models with their manifests).\n\n' +
    '  list           every pack in the folder\n' +
    '  verify [ID]    checksums, then loads each into ONNX Runtime and compares inputs and outputs with the manifest',
  usage: 'list|verify [ID]',
  async run(input) {
    const { terminal } = input;
    const config = loadConfig(input.values.config, process.env);
    const registry = new PackRegistry(config.packs.directory);
    const action = operand(input, 0, 'what to do (list, verify)', 'models');
    const listings = await registry.list();
    if (action === 'list') {
      const rows = listings.map(({ id, pack, error }) =>
        pack
          ? [id, pack.manifest.version, pack.manifest.kind, pack.manifest.task, pack.manifest.licence]
          : [id, '', '', `refused: ${error.message}`, ''],
      );
      terminal.print(
        rows.length === 0
          ? `no packs in ${registry.directory}`
          : table(['ID', 'VERSION', 'KIND', 'TASK', 'LICENCE'], rows),
      );
      terminal.result({
        directory: registry.directory,
        packs: listings.map(({ id, pack, error }) => ({
          id,
          ...(pack ? { version: pack.manifest.version, kind: pack.manifest.kind } : { error: error.message }),
        })),
      });
      return EXIT_CODES.ok.code;
    }
    if (action !== 'verify')
      throw problem('VDT_USAGE', { reason: `there is no "models ${action}"` }, { hint: 'One of: list, verify.' });

    const wanted = input.operands[1];
    const ids = wanted === undefined ? listings.map(({ id }) => id) : [wanted];
    const results: { id: string; ok: boolean; reason: string | null; provider: string | null }[] = [];
    for (const id of ids) {
      terminal.progress(`verifying ${id} (${results.length + 1} of ${ids.length})`);
      try {
        const extraction = await openExtraction({ config, packIds: [id], logger: createLogger({ level: 'error' }) });
        const provider = extraction.extractor.providers.find((report) => report.state === 'chosen')?.provider ?? null;
        await extraction.close();
        results.push({ id, ok: true, reason: null, provider });
      } catch (thrown) {
        results.push({ id, ok: false, reason: reasonOf(thrown), provider: null });
      }
    }
    terminal.progressDone();
    for (const result of results)
      terminal.print(
        `${result.ok ? 'ok     ' : 'REFUSED'}  ${result.id}${result.ok ? ` (runs on ${result.provider ?? '?'})` : `: ${result.reason ?? ''}`}`,
      );
    terminal.result({ ok: results.every(({ ok }) => ok), packs: results });
    return results.every(({ ok }) => ok) ? EXIT_CODES.ok.code : EXIT_CODES.refused.code;
  },
};
