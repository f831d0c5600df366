import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { testSource } from '../../src/ingest/camera-probe.ts';
import { systemConnectTcp } from '../../src/ingest/connect-tcp.ts';
import { systemLookup } from '../../src/ingest/source-host.ts';
import { systemSpawn } from '../../src/platform/child-process.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { makeTestVideo, rtspServerMissing, startRtspServer } from '../support/rtsp-server.ts';

let folder: string;
let video: string;
let transportStream: string;
const logLines: string[] = [];
const endings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vedette-source-'));
  video = join(folder, 'street.mp4');
  await makeTestVideo(video, 3);
  transportStream = join(folder, 'one.ts');
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-i', video, '-c', 'copy', transportStream]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const probe = (url: string, lookup = systemLookup) =>
  testSource(
    url,
    { transport: 'tcp' },
    {
      ffprobePath: 'ffprobe',
      spawn: systemSpawn,
      clock: systemClock,
      lookup,
      connectTcp: systemConnectTcp,
      logger: createLogger({ level: 'debug', destination: { write: (line: string) => void logLines.push(line) } }),
      connectTimeoutMs: 3_000,
    },
  );

async function http(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  endings.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a trial connection says why it fails', () => {
  test('no such name', async () => {
    expect(await probe('rtsp://camera.invalid/live')).toMatchObject({ ok: false, failure: { reason: 'dns' } });
  });

  test('nothing listens', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await probe(`rtsp://127.0.0.1:${port}/live`)).toMatchObject({ failure: { reason: 'refused' } });
  });

  test('accepts and then says nothing', async () => {
    const server = createTcpServer(() => {}).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    endings.push(async () => server.close());
    const report = await probe(`rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/live`);
    expect(report).toMatchObject({ failure: { reason: 'timeout' } });
    expect(report.durationMs).toBeLessThan(10_000);
  });

  test('a name that leads to the metadata service', async () => {
    const report = await probe('rtsp://innocent.example/live', async () => ['192.0.2.1', '169.254.169.254']);
    expect(report).toMatchObject({ failure: { reason: 'url_refused' } });
  });

  describe.skipIf(rtspServerMissing !== null)(`over RTSP ${rtspServerMissing ?? ''}`, () => {
    test('what is right is ok, with codec, size and rate', async () => {
      const server = await startRtspServer({ file: video, user: 'viewer', password: "it's \\ {a} %41" });
      endings.push(() => server.stop());
      expect(await probe(server.url)).toMatchObject({
        ok: true,
        failure: null,
        video: { codec: 'h264', width: 320, height: 240, framesPerSecond: 25 },
      });
      expect(await probe(server.url.replace('%5C', 'x'))).toMatchObject({ failure: { reason: 'unauthorized' } });
      expect(await probe(server.url.replace('/live', '/attic'))).toMatchObject({ failure: { reason: 'not_found' } });
    });

    test('only sound', async () => {
      const server = await startRtspServer({ audioOnly: true });
      endings.push(() => server.stop());
      expect(await probe(server.url)).toMatchObject({ failure: { reason: 'no_video' } });
    });
  });
});

const playlist = (...uris: string[]) =>
  [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    '#EXT-X-TARGETDURATION:2',
    ...uris.flatMap((uri) => ['#EXTINF:2,', uri]),
    '#EXT-X-ENDLIST',
    '',
  ].join('\n');

describe('a camera over HTTP', () => {
  test('with an honest playlist is ok, so that the refusals below mean something', async () => {
    const base = await http((request, response) => {
      if (request.headers.authorization !== `Basic ${Buffer.from('viewer:se/cret').toString('base64')}`) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="camera"' }).end();
      } else if (request.url === '/live.m3u8') response.end(playlist('one.ts'));
      else response.end(readFileSync(transportStream));
    });
    const report = await probe(`${base.replace('//', '//viewer:se%2Fcret@')}/live.m3u8`);
    expect(report).toMatchObject({ ok: true, video: { codec: 'h264', width: 320, height: 240 } });
  });
});

describe('a hostile camera over HTTP', () => {
  test.each([
    ['a file', 'file:///etc/passwd'],
    ['a bare path', '/etc/passwd'],
    ['a concatenation', 'concat:/etc/passwd|/etc/hostname'],
    ['a sub file', 'subfile,,start,0,end,100,,:/etc/passwd'],
    ['a data URL', 'data:text/plain;base64,AAAA'],
    ['our own pipes', 'pipe:0'],
  ])('cannot make ffmpeg read %s through a playlist', async (_what, uri) => {
    const paths: string[] = [];
    const base = await http((request, response) => {
      paths.push(request.url ?? '');
      if (request.url === '/live.m3u8') response.end(playlist(uri));
      else response.writeHead(404).end();
    });
    const report = await probe(`${base}/live.m3u8`);
    expect(report.ok).toBe(false);
    expect(paths).toContain('/live.m3u8');
    expect(JSON.stringify(report)).not.toContain('root:');
  });

  test('cannot lead to the metadata service through a playlist or a redirect', async () => {
    const base = await http((request, response) => {
      if (request.url === '/live.m3u8') response.end(playlist('http://169.254.169.254/latest/meta-data.ts'));
      else response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    });
    logLines.length = 0;
    expect(await probe(`${base}/live.m3u8`)).toMatchObject({ ok: false });
    expect(logLines.join()).toMatch(/ingest\.http_target_refused/);
    logLines.length = 0;
    expect(await probe(`${base}/mjpeg`)).toMatchObject({ failure: { reason: 'url_refused' } });
    expect(logLines.join()).toMatch(/169\.254\.169\.254/);
  });

  test('cannot pass a script or a session description for a video', async () => {
    const base = await http((request, response) => {
      if (request.url === '/script') response.end("ffconcat version 1.0\nfile '/etc/passwd'\n");
      else
        response.end(
          'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n',
        );
    });
    expect(await probe(`${base}/script`)).toMatchObject({ ok: false });
    expect(await probe(`${base}/description`)).toMatchObject({ ok: false });
  });

  test('that is the web page of the camera is told from a stream', async () => {
    const base = await http((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>login</html>'),
    );
    expect(await probe(`${base}/`)).toMatchObject({ failure: { reason: 'not_a_stream' } });
    const locked = await http((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    );
    expect(await probe(`${locked}/video`)).toMatchObject({ failure: { reason: 'unauthorized' } });
  });
});
