import { connect } from 'node:net';

/** Opens and closes a TCP connection; rejects with the system's error (ECONNREFUSED, ETIMEDOUT …). Injected in tests. */
export type ConnectTcp = (address: string, port: number, timeoutMs: number, signal: AbortSignal) => Promise<void>;

export const systemConnectTcp: ConnectTcp = (address, port, timeoutMs, signal) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: timeoutMs, signal });
    const end = (error: Error | null) => {
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' })));
    socket.once('error', end);
  });
