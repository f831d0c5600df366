import type { Config } from '../platform/config-schema.ts';
import { problem, VedetteError } from '../platform/errors.ts';
import type { Environment } from '../platform/load-config.ts';
import { ApiClient } from './api-client.ts';
import type { Control } from './control.ts';
import { readServiceFile } from './service-file.ts';
import type { Terminal } from './terminal.ts';

/**
 * Finds who answers: the service named by VEDETTE_URL and VEDETTE_API_KEY, the one that runs on this data folder, or
 * else the same API on the database itself, in this process and without a port, so that there is one code path for all.
 */
export async function openControl(config: Config, environment: Environment, terminal: Terminal): Promise<Control> {
  if (environment.VEDETTE_URL) {
    if (!environment.VEDETTE_API_KEY) {
      throw problem(
        'VDT_USAGE',
        { reason: 'VEDETTE_URL is set, VEDETTE_API_KEY is not' },
        { hint: 'Set VEDETTE_API_KEY to a key of that service, or unset VEDETTE_URL.' },
      );
    }
    return remote(new ApiClient(environment.VEDETTE_URL, environment.VEDETTE_API_KEY));
  }
  const running = readServiceFile(config.dataDir);
  if (running) return remote(new ApiClient(running.url, running.key));
  terminal.progress('no service runs on this data folder: opening its database');
  try {
    const { openEmbeddedControl } = await import('./embedded-control.ts');
    return await openEmbeddedControl(config);
  } catch (thrown) {
    // it started between our look and our attempt
    const started =
      thrown instanceof VedetteError && thrown.code === 'VDT_STORE_LOCKED' ? readServiceFile(config.dataDir) : null;
    if (started) return remote(new ApiClient(started.url, started.key));
    throw thrown;
  } finally {
    terminal.progressDone();
  }
}

function remote(client: ApiClient): Control {
  return { request: (method, path, body) => client.request(method, path, body), close: async () => {} };
}
