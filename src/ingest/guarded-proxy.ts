import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '../platform/logger.ts';
import { checkSourceHost, type LookupHost } from './source-host.ts';

/** Told to ffmpeg as the status of a refused address, and read again by `classifyFailure`. */
const REFUSED_STATUS = 421;
/** Longest silence of the far end; ffmpeg itself gives up sooner. */
const SILENCE_MS = 60_000;

/**
 * A forward proxy on the loopback through which ffmpeg does all its HTTP. A camera's playlist or redirect names addresses that nobody has
 * checked; here each is resolved, checked and pinned at the moment it is used (invariant 7). ffmpeg itself follows redirects
 * blindly and has no option against it (5.1).
 */
export class GuardedProxy {
  readonly #lookup: LookupHost;
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(options: { readonly lookup: LookupHost; readonly logger: Logger }) {
    this.#lookup = options.lookup;
    this.#logger = options.logger;
    this.#server = createServer((incoming, outgoing) => void this.#forward(incoming, outgoing));
    this.#server.on('connect', (incoming: IncomingMessage, socket: Duplex) => void this.#tunnel(incoming, socket));
    this.#server.on('connection', (socket) => this.#track(socket));
  }

  /** `http://127.0.0.1:<port>`, once started. */
  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is not started');
    return `http://127.0.0.1:${address.port}`;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const target = parseTarget(incoming.url ?? '');
    const address = target && (await this.#allowed(target));
    if (!target || !address) {
      outgoing.writeHead(REFUSED_STATUS).end();
      return;
    }
    const { 'proxy-connection': _hop, 'proxy-authorization': _secret, ...headers } = incoming.headers;
    const onward: ClientRequest = request({
      host: address,
      port: target.port,
      method: incoming.method,
      path: target.path,
      headers: { ...headers, host: target.authority },
      agent: false,
      timeout: SILENCE_MS,
    });
    onward.on('timeout', () => onward.destroy());
    onward.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
      answer.on('error', () => outgoing.destroy());
    });
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }

  async #tunnel(incoming: IncomingMessage, socket: Duplex): Promise<void> {
    socket.on('error', () => {});
    const target = parseTarget(`https://${incoming.url ?? ''}`);
    const address = target && (await this.#allowed(target));
    if (!target || !address) {
      socket.end(`HTTP/1.1 ${REFUSED_STATUS} Misdirected Request\r\n\r\n`);
      return;
    }
    const onward = connect({ host: address, port: target.port, timeout: SILENCE_MS });
    this.#track(onward);
    onward.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('timeout', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  }

  /** The address to connect to, or null where it may not be. */
  async #allowed(target: Target): Promise<string | null> {
    try {
      const [address] = await checkSourceHost(target.host, this.#lookup);
      return address ?? null;
    } catch (error) {
      this.#logger.warn({ host: target.host, err: error }, 'ingest.http_target_refused');
      return null;
    }
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly authority: string;
  readonly path: string;
}

function parseTarget(text: string): Target | null {
  try {
    const url = new URL(text);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      authority: url.host,
      path: `${url.pathname}${url.search}`,
    };
  } catch {
    return null;
  }
}
