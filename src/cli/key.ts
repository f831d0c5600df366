import { problem } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { type Command, operand } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openControl } from './open-control.ts';
import { table } from './terminal.ts';

interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly created: string;
}

export const keyCommand: Command = {
  name: 'key',
  summary:
    'Makes, lists and revokes API keys. A key is shown once, when it is made.\n\n  create NAME    make one\n  list           all keys, without the secret part\n  revoke ID      end one',
  usage: 'create NAME|list|revoke ID',
  options: {
    scopes: {
      type: 'string',
      help: 'create: read, write or admin, comma-separated (default: write, which includes read)',
    },
  },
  examples: ['vedette key create dashboard --scopes read'],
  async run(input) {
    const { terminal } = input;
    const action = operand(input, 0, 'what to do (create, list, revoke)', 'key');
    if (!['create', 'list', 'revoke'].includes(action))
      throw problem('VDT_USAGE', { reason: `there is no "key ${action}"` }, { hint: 'One of: create, list, revoke.' });
    const subject = action === 'list' ? '' : operand(input, 1, action === 'create' ? 'the name' : 'the key id', 'key');
    const control = await openControl(loadConfig(input.values.config, process.env), process.env, input.terminal);
    try {
      if (action === 'create') {
        const created = await control.request<KeyView & { key: string }>('POST', '/v1/keys', {
          name: subject,
          scopes: (input.values.scopes ?? 'write').split(',').map((scope) => scope.trim()),
        });
        // the one place where a key is meant to be seen: past the terminal's redaction
        if (!terminal.json) process.stdout.write(`${created.key}\n`);
        terminal.result(created);
      } else if (action === 'list') {
        const { items } = await control.request<{ items: KeyView[] }>('GET', '/v1/keys');
        terminal.print(
          table(
            ['ID', 'NAME', 'BEGINS', 'SCOPES', 'CREATED'],
            items.map((key) => [key.id, key.name, key.prefix, key.scopes.join(','), key.created]),
          ),
        );
        terminal.result({ keys: items });
      } else {
        await control.request('DELETE', `/v1/keys/${encodeURIComponent(subject)}`);
        terminal.print(`key ${subject} revoked`);
        terminal.result({ revoked: subject });
      }
      return EXIT_CODES.ok.code;
    } finally {
      await control.close();
    }
  },
};
