import type { Role } from '../platform/role.ts';
import { CameraRoster } from './camera-roster.ts';
import { GuardedProxy } from './guarded-proxy.ts';
import type { IngestRoleOptions } from './ingest-options.ts';

const RECONCILE_MS = 10_000;
const BEAT_MS = 5_000;

/** The role `ingest`: keeps every enabled camera connected that no other process has. */
export function createIngestRole(options: IngestRoleOptions): Role {
  const { clock, notices, logger } = options;
  const proxy = new GuardedProxy(options);
  let roster: CameraRoster | null = null;
  let endings: (() => void)[] = [];
  let started = false;

  /** Calls again and again, never twice at once. */
  function every(periodMs: number, work: () => Promise<void>): void {
    let cancel = () => {};
    let ended = false;
    const arm = () => {
      cancel = clock.after(periodMs, () => {
        void work().finally(() => {
          if (!ended) arm();
        });
      });
    };
    arm();
    endings.push(() => {
      ended = true;
      cancel();
    });
  }

  return {
    name: 'ingest',
    async start() {
      await proxy.start();
      started = true;
      const cameras = new CameraRoster(options, proxy.url);
      roster = cameras;
      endings.push(
        notices.subscribe(
          (notice) => {
            if (notice.kind === 'camera') void cameras.reconcile();
          },
          () => void cameras.reconcile(),
        ),
      );
      every(RECONCILE_MS, () => cameras.reconcile());
      every(BEAT_MS, () => cameras.beat());
      await cameras.reconcile();
      logger.info({}, 'ingest.started');
    },
    async stop() {
      for (const end of endings) end();
      endings = [];
      await roster?.stop();
      roster = null;
      if (started) await proxy.stop();
      started = false;
    },
  };
}
