import { randomBytes } from 'node:crypto';
import type { ApiDeps } from '../api/api-deps.ts';
import { createApp } from '../api/app.ts';
import type { Config } from '../platform/config-schema.ts';
import { refusalOf } from './api-client.ts';
import { apiDependencies } from './api-dependencies.ts';
import type { Control } from './control.ts';
import { openOfflineParts } from './parts.ts';

/** The API on the database itself, in this process and without a port; for commands while no service runs. */
export async function openEmbeddedControl(config: Config): Promise<Control> {
  const parts = await openOfflineParts(config);
  const key = `vdt_${randomBytes(32).toString('base64url')}`;
  const dependencies = apiDependencies(parts);
  const { apiKeys } = dependencies.store;
  const ownKeys: ApiDeps['store']['apiKeys'] = {
    create: (input) => apiKeys.create(input),
    list: () => apiKeys.list(),
    revoke: (id) => apiKeys.revoke(id),
    // whoever can open the database may do everything; this key lives in this process alone
    verify: async (candidate) =>
      candidate === key ? { id: 'command-line', scopes: ['admin'] } : apiKeys.verify(candidate),
  };
  const app = await createApp({ ...dependencies, store: { ...dependencies.store, apiKeys: ownKeys } });
  await app.ready();
  return {
    async request<Result>(method: string, path: string, body?: unknown): Promise<Result> {
      const bytes = body instanceof Uint8Array;
      const response = await app.inject({
        method: method as 'GET',
        url: path,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
        },
        ...(body !== undefined && { payload: bytes ? Buffer.from(body) : JSON.stringify(body) }),
      });
      if (response.statusCode >= 400) throw refusalOf(response.statusCode, response.payload);
      return (response.payload === '' ? undefined : JSON.parse(response.payload)) as Result;
    },
    async close() {
      await app.close();
      await parts.close();
    },
  };
}
