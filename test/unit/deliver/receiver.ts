import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly atMs: number;
}

export type Answer = (response: ServerResponse, request: ReceivedRequest, index: number) => void;

/** A real HTTP server on loopback that keeps what it gets; its answer can be changed at any time. */
export class Receiver {
  readonly requests: ReceivedRequest[] = [];
  readonly sockets = new Set<Socket>();
  answer: Answer;
  connections = 0;
  #server: Server | null = null;
  #port = 0;

  constructor(answer: Answer = (response) => response.writeHead(204).end()) {
    this.answer = answer;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts, or starts again on the same port. */
  async start(): Promise<this> {
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const received = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(parts),
          atMs: Date.now(),
        };
        this.requests.push(received);
        this.answer(response, received, this.requests.length - 1);
      });
    });
    server.on('connection', (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const socket of this.sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}
