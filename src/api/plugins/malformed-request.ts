import type { Socket } from 'node:net';
import { problem } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { PROBLEM_MEDIA_TYPE, problemDetails } from './problem-details.ts';

/** For what is not HTTP at all, or too slow, or has too large headers: problem details straight to the socket. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const refused = problem(
    'VDT_REQUEST_INVALID',
    { field: 'request', reason: 'is not well-formed HTTP/1.1, came too slowly, or has too large a header' },
    { cause: error },
  );
  const body = JSON.stringify(problemDetails(refused, newId('req')));
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
