import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('./rtsp-server.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

/** Why there is no RTSP server on this machine; null where there is one. For `test.skipIf`, so that the reason is seen. */
export const rtspServerMissing: string | null = (() => {
  try {
    execFileSync(PYTHON, ['-c', "import gi; gi.require_version('GstRtspServer', '1.0')"], { stdio: 'ignore' });
    return null;
  } catch {
    return 'GStreamer RTSP server is not installed: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-rtsp';
  }
})();

export interface RtspServerOptions {
  /** H.264 in MP4, looped; not needed for `audioOnly`. */
  readonly file?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly digest?: boolean;
  readonly protocols?: 'tcp' | 'udp' | 'both';
  readonly audioOnly?: boolean;
  /** How fast the media clock and the pictures run; 1 is real time. */
  readonly speed?: number;
}

export interface RtspServer {
  readonly port: number;
  readonly pid: number;
  /** With percent-encoded credentials, if there are any. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a real RTSP server (GStreamer) at `/live`. */
export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const child = spawn(
    PYTHON,
    [
      SCRIPT,
      '--port',
      String(options.port ?? 0),
      '--protocols',
      options.protocols ?? 'both',
      '--speed',
      String(options.speed ?? 1),
      ...(options.file ? ['--file', options.file] : []),
      ...(options.digest ? ['--digest'] : []),
      ...(options.audioOnly ? ['--audio-only'] : []),
    ],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...(options.user ? { RTSP_SERVER_USER: options.user, RTSP_SERVER_PASSWORD: options.password ?? '' } : {}),
      },
    },
  );
  let complaints = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaints += bytes.toString();
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exited]);
  if (typeof first[0] !== 'string' || child.pid === undefined)
    throw new Error(`RTSP server did not start: ${complaints}`);
  const { port } = JSON.parse(first[0]) as { port: number };
  const userinfo = options.user
    ? `${encodeURIComponent(options.user)}:${encodeURIComponent(options.password ?? '')}@`
    : '';
  return {
    port,
    pid: child.pid,
    url: `rtsp://${userinfo}127.0.0.1:${port}/live`,
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await exited;
    },
  };
}

/** Makes a short H.264 test picture in MP4: 320x240, 25 frames a second, a key frame every second, no B frames. */
export async function makeTestVideo(
  file: string,
  seconds: number,
  options: { readonly bFrames?: number } = {},
): Promise<void> {
  await promisify(execFile)('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25', '-t', String(seconds)],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-g',
      '25',
      '-bf',
      String(options.bFrames ?? 0),
      '-pix_fmt',
      'yuv420p',
      file,
    ],
  ]);
}
