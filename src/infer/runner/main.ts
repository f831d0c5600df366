import { systemClock } from '../../platform/clock.ts';
import { watchForOrphanhood } from './orphan-watch.ts';
import type { FromRunner, ToRunner } from './protocol.ts';
import { Runner } from './runner.ts';

/** Entry of the runner process; see `runner-supervisor.ts` for the other end. It lives no longer than its parent. */
const runner = new Runner({
  clock: systemClock,
  send: (message: FromRunner) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => {});
  },
});

let order: Promise<unknown> = Promise.resolve();
process.on('message', (message: ToRunner) => {
  // a ping is answered at once: it asks whether the event loop turns, not whether a model is loaded
  if (message.type === 'ping') void runner.handle(message);
  else {
    order = order.then(async () => {
      if (await runner.handle(message)) process.exit(0);
    });
  }
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C goes to the whole group: the parent decides when the runner ends
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
watchForOrphanhood();
