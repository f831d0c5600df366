import { problem, reasonOf } from '../platform/errors.ts';
import type { Role } from '../platform/role.ts';
import type { ApiDeps } from './api-deps.ts';
import type { ApiInstance } from './api-instance.ts';
import { createApp } from './app.ts';

export interface ApiRoleDeps extends ApiDeps {
  readonly listen: {
    readonly host: string;
    /** 0 takes a free one. */
    readonly port: number;
  };
}

export interface ApiRole extends Role {
  /** Where it listens, for instance `http://127.0.0.1:8080`; null before `start` and after `stop`. */
  address(): string | null;
}

/** REST, live events, documentation, health and metrics as a role. */
export function createApiRole(deps: ApiRoleDeps): ApiRole {
  const { host, port } = deps.listen;
  let app: ApiInstance | null = null;
  let address: string | null = null;

  return {
    name: 'api',
    address: () => address,
    async start() {
      app = await createApp(deps);
      try {
        address = await app.listen({ host, port });
      } catch (thrown) {
        await this.stop();
        throw problem('VDT_LISTEN_FAILED', { address: `${host}:${port}`, reason: reasonOf(thrown) }, { cause: thrown });
      }
      deps.logger.info({ address }, 'api.listening');
    },
    async stop() {
      const running = app;
      app = null;
      address = null;
      await running?.close();
    },
  };
}
