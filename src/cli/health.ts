import { loadConfig } from '../platform/load-config.ts';
import type { Command } from './command.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** For container health checks: asks /readyz of the service on this machine. */
export const healthCommand: Command = {
  name: 'health',
  summary: 'Asks the service on this machine whether it is ready; for container health checks.',
  usage: '',
  async run({ values, terminal }) {
    const config = loadConfig(values.config, process.env);
    const host = config.http.host === '0.0.0.0' || config.http.host === '::' ? '127.0.0.1' : config.http.host;
    const response = await fetch(`http://${host}:${config.http.port}/readyz`).catch(() => null);
    const ready = response?.ok === true;
    terminal.print(ready ? 'ready' : `not ready (${response ? `answered ${response.status}` : 'no answer'})`);
    terminal.result({ ready, status: response?.status ?? null });
    return ready ? EXIT_CODES.ok.code : EXIT_CODES.failed.code;
  },
};
