import { describe, expect, test } from 'vitest';
import type { Sampling } from '../../../src/bus/sampling.ts';
import type { Segment } from '../../../src/bus/segment.ts';
import { ChunkListParser } from '../../../src/ingest/chunk-list.ts';
import { ChunkTimeline } from '../../../src/ingest/chunk-times.ts';
import { CollapsedLog } from '../../../src/ingest/collapsed-log.ts';
import { classifyFailure, classifySystemError, orTimeout } from '../../../src/ingest/connect-failure.ts';
import { cameraArguments } from '../../../src/ingest/ffmpeg-arguments.ts';
import { FfmpegLog } from '../../../src/ingest/ffmpeg-log.ts';
import { FramePairing } from '../../../src/ingest/frame-pairing.ts';
import { FrameReader } from '../../../src/ingest/frame-reader.ts';
import { FrameTimeParser } from '../../../src/ingest/frame-time-parser.ts';
import { PublishQueue } from '../../../src/ingest/publish-queue.ts';
import { ReconnectLadder } from '../../../src/ingest/reconnect-ladder.ts';
import { Segmenter } from '../../../src/ingest/segmenter.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';

const SAMPLING: Sampling = { framesPerSecond: 10, width: 2, height: 1, pixelFormat: 'gray8', framesPerSegment: 3 };
const bytes = (text: string) => new TextEncoder().encode(text);

describe('frames', () => {
  test('are cut from a stream whatever the pieces it comes in', () => {
    for (const size of [1, 2, 3, 5, 9]) {
      const reader = new FrameReader(3);
      const stream = Uint8Array.from({ length: 9 }, (_, i) => i);
      const frames: number[][] = [];
      for (let i = 0; i < 9; i += size)
        frames.push(...reader.push(stream.subarray(i, i + size)).map((frame) => [...frame]));
      expect(frames).toEqual([
        [0, 1, 2],
        [3, 4, 5],
        [6, 7, 8],
      ]);
    }
  });

  test('have exact times, also after days and where a line is cut in two', () => {
    const parser = new FrameTimeParser();
    expect(parser.push(bytes('frame:0    pts:864000040000 pts_time:864'))).toEqual([]);
    expect(parser.push(bytes('000\nvedette=1\nframe:1    pts:NOPTS   pts_time:NOPTS\nvedette=1\n'))).toEqual([
      { mediaSeconds: 864000.04, own: true },
      { mediaSeconds: Number.NaN, own: true },
    ]);
    expect(parser.push(bytes('frame:2    pts:40000 pts_time:0.04\nvedette=0\n'))).toEqual([
      { mediaSeconds: 0.04, own: false },
    ]);
  });

  test('meet their times although either pipe may be ahead', () => {
    const pairing = new FramePairing();
    const [a, b] = [new Uint8Array([1]), new Uint8Array([2])];
    const time = (mediaSeconds: number) => ({ mediaSeconds, own: true });
    expect(pairing.addTimes([time(0.1)])).toEqual([]);
    expect(pairing.addFrames([a, b])).toEqual([{ pixels: a, ...time(0.1) }]);
    expect(pairing.addTimes([time(0.2), time(0.3)])).toEqual([{ pixels: b, ...time(0.2) }]);
  });
});

describe('segments', () => {
  const frame = (captureMs: number, epoch = 7) => ({
    pixels: new Uint8Array([captureMs % 251, 1]),
    captureMs,
    mediaSeconds: captureMs / 1_000,
    epoch,
  });
  const cut = (...frames: ReturnType<typeof frame>[]) => {
    const segmenter = new Segmenter({ cameraId: 'gate', sampling: SAMPLING, fencingToken: 4 });
    return frames.flatMap((each) => segmenter.push(each) ?? []);
  };

  test('follow each other without sharing a frame, counted from 0 in an epoch', () => {
    const segments = cut(...[0, 100, 200, 300, 400, 500, 600].map((ms) => frame(ms)));
    expect(segments.map(({ epoch, sequence, frameTimesMs }) => ({ epoch, sequence, frameTimesMs }))).toEqual([
      { epoch: 7, sequence: 0, frameTimesMs: [0, 100, 200] },
      { epoch: 7, sequence: 1, frameTimesMs: [300, 400, 500] },
    ]);
    expect([...(segments[0]?.pixels ?? [])]).toEqual([0, 1, 100, 1, 200, 1]);
    expect(segments[0]).toMatchObject({ fencingToken: 4, cameraId: 'gate', width: 2, height: 1 });
  });

  test('make gray frames and the still of the last one out of the large coloured pictures', () => {
    const sampling: Sampling = { ...SAMPLING, still: { width: 4, height: 2 } };
    const picture = (...reds: readonly number[]) => Uint8Array.from(reds.flatMap((red) => [red, red, red]));
    const segmenter = new Segmenter({ cameraId: 'gate', sampling, fencingToken: 4 });
    const pictures = [
      picture(0, 0, 0, 0, 0, 0, 0, 0),
      picture(8, 16, 0, 0, 24, 32, 0, 0),
      picture(1, 2, 3, 4, 5, 6, 7, 8),
    ];
    const [segment] = pictures.flatMap(
      (pixels, i) => segmenter.push({ pixels, captureMs: i * 100, mediaSeconds: i / 10, epoch: 7 }) ?? [],
    );
    expect(segment).toMatchObject({ width: 2, height: 1, pixelFormat: 'gray8' });
    expect([...(segment?.pixels ?? [])]).toEqual([0, 0, 20, 0, 4, 6]); // means of 2 x 2; 3.5 and 5.5 round up
    expect(segment?.still).toEqual({ width: 4, height: 2, pixels: pictures[2] });
  });

  test('never span a hole of more than a second', () => {
    const segments = cut(frame(0), frame(100), frame(1_200), frame(1_300), frame(1_400));
    expect(segments.map((segment) => [segment.sequence, ...segment.frameTimesMs])).toEqual([[0, 1_200, 1_300, 1_400]]);
  });

  test('never span an epoch, and count anew in the next', () => {
    const segments = cut(...[0, 100, 200, 300].map((ms) => frame(ms)), ...[400, 500, 600].map((ms) => frame(ms, 9)));
    expect(segments.map((segment) => [segment.epoch, segment.sequence])).toEqual([
      [7, 0],
      [9, 0],
    ]);
  });
});

describe('publishing', () => {
  const segment = (sequence: number) => ({ sequence }) as Segment;

  test('keeps the order, drops the oldest of a backlog and counts each loss', async () => {
    const published: number[] = [];
    const dropped: [string, number][] = [];
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const queue = new PublishQueue({
      limit: 2,
      publish: async ({ sequence }) => {
        await gate;
        if (sequence === 4) throw new Error('Redis is away');
        published.push(sequence);
        return { dropped: sequence === 3 ? 5 : 0 };
      },
      onPublished: () => {},
      onDropped: (reason, count) => dropped.push([reason, count]),
    });
    for (const i of [0, 1, 2, 3, 4]) queue.push(segment(i)); // 0 is under way; 1 and 2 have to go
    open();
    await queue.drained();
    expect(published).toEqual([0, 3]);
    expect(dropped).toEqual([
      ['publish_backlog', 1],
      ['publish_backlog', 1],
      ['bus_overflow', 5],
      ['bus_unavailable', 1],
    ]);
    queue.push(segment(5));
    await queue.drained();
    expect(published).toEqual([0, 3, 5]);
  });
});

describe('the reconnect ladder', () => {
  test('waits 1 s x5, 5 s x5, 10 s x10, then 60 s for ever', () => {
    const ladder = new ReconnectLadder(() => 1);
    const waits = Array.from({ length: 23 }, () => ladder.nextWaitMs(0));
    expect(waits).toEqual([
      ...Array(5).fill(1_000),
      ...Array(5).fill(5_000),
      ...Array(10).fill(10_000),
      60_000,
      60_000,
      60_000,
    ]);
  });

  test('starts anew only after 30 s of good pictures', () => {
    const ladder = new ReconnectLadder(() => 1);
    for (let i = 0; i < 30; i++) ladder.nextWaitMs(0);
    expect(ladder.nextWaitMs(29_999)).toBe(60_000);
    expect(ladder.nextWaitMs(30_000)).toBe(1_000);
  });

  test('has full jitter and never spins', () => {
    expect(new ReconnectLadder(() => 0.5).nextWaitMs(0)).toBe(500);
    expect(new ReconnectLadder(() => 0).nextWaitMs(0)).toBe(100);
  });
});

describe('why a camera fails', () => {
  test.each([
    ['[rtsp @ 0x1] [error] method DESCRIBE failed: 401 Unauthorized', 'unauthorized'],
    ['[rtsp @ 0x1] [error] method DESCRIBE failed: 404 Not Found', 'not_found'],
    ['[tcp @ 0x1] [error] Failed to resolve hostname x: Name or service not known', 'dns'],
    ['[tcp @ 0x1] [error] Connection to tcp://h:1?timeout=1 failed: Connection refused', 'refused'],
    ["[error] Stream map '0:v:0' matches no streams.", 'no_video'],
    ['[http @ 0x1] [warning] HTTP error 421 Misdirected Request', 'url_refused'],
    ['[error] pipe:3: Invalid data found when processing input', 'not_a_stream'],
    ['[error] pipe:3: Connection timed out', 'timeout'],
  ])('%s', (line, reason) => {
    expect(classifyFailure([line], { code: 1, signal: null }).reason).toBe(reason);
  });

  test('is not read from numbers that only look like a status', () => {
    expect(classifyFailure(['[error] bitrate 401 kb/s, 404x403'], { code: 1, signal: null }).reason).toBe('failed');
    expect(classifyFailure([], { code: null, signal: 'SIGKILL' }).reason).toBe('killed');
    expect(classifyFailure([], { code: 0, signal: null }).reason).toBe('ended');
  });

  test('is a timeout when a vague end comes after the whole patience', () => {
    const vague = classifyFailure(['Invalid data found'], { code: 1, signal: null });
    expect(orTimeout(vague, 10_000, 10_000).reason).toBe('timeout');
    expect(orTimeout(vague, 300, 10_000).reason).toBe('not_a_stream');
    expect(classifySystemError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })).reason).toBe('refused');
  });

  test('is told without the password that ffmpeg repeats', () => {
    const log = new FfmpegLog();
    log.push(bytes("[concat @ 0x1] [error] Impossible to open 'rtsp://admin:c4n"));
    log.push(
      bytes(
        "ary@cam/live'\n[info] Stream #0:0: Video: h264 (High), yuv420p, 1920x1080 [SAR 1:1], 25 fps\n[error] odd\n",
      ),
    );
    expect(log.troubles.join()).not.toContain('c4nary');
    expect(log.troubles).toHaveLength(2);
    expect(log.source).toEqual({ codec: 'h264', width: 1920, height: 1080 });
  });
});

describe('troubles in the log', () => {
  test('collapse to the first and one a minute with the count', async () => {
    const clock = new ManualClock();
    const lines: [string, number][] = [];
    const log = new CollapsedLog(clock, (reason, repeated) => lines.push([reason, repeated]));
    for (let i = 0; i < 130; i++) {
      log.add('refused');
      await clock.advance(1_000);
    }
    expect(lines).toEqual([
      ['refused', 0],
      ['refused', 59],
      ['refused', 59],
    ]);
    log.add('timeout');
    expect(lines.at(-1)).toEqual(['timeout', 9]);
  });
});

describe('chunk times', () => {
  test('are read from the list', () => {
    const parser = new ChunkListParser();
    expect(parser.push(bytes('1-000000.mkv,0.000000,10.04'))).toEqual([]);
    expect(parser.push(bytes('0000\n../../x.mkv,1,2\n'))).toEqual([
      { fileName: '1-000000.mkv', startSeconds: 0, endSeconds: 10.04 },
    ]);
  });

  test('follow the capture clock without gap or overlap', () => {
    const timeline = new ChunkTimeline();
    const chunk = (startSeconds: number, endSeconds: number) => ({ fileName: 'x.mkv', startSeconds, endSeconds });
    const toUtc = (seconds: number) => 1_000_000 + seconds * 1_010; // a clock that is 1 % slow
    expect(timeline.place(chunk(0, 10), toUtc, 1_010_200, 0)).toEqual({ startMs: 1_000_000, endMs: 1_010_100 });
    expect(timeline.place(chunk(10, 20), toUtc, 1_020_300, 0)).toEqual({ startMs: 1_010_100, endMs: 1_020_200 });
    // the camera's clock jumped by an hour: the length counts
    expect(timeline.place(chunk(20, 30), () => 5_000_000, 1_030_300, 0)).toEqual({
      startMs: 1_020_200,
      endMs: 1_030_200,
    });
    // after a failure of the disk the list starts anew, and the file says when
    expect(timeline.place(chunk(0, 60), () => 1_060_000, 1_060_100, 1_050_000)).toEqual({
      startMs: 1_050_000,
      endMs: 1_060_000,
    });
  });
});

describe("ffmpeg's arguments", () => {
  test('hold no address, no shell and nothing that a folder name could turn into an option', () => {
    const args = cameraArguments({
      scheme: 'rtsp',
      sampling: SAMPLING,
      recording: { folder: '/data/50% -y', runName: '1', chunkSeconds: 10 },
    });
    expect(args.join(' ')).not.toContain('rtsp://');
    expect(args).toContain('file:/data/50%% -y/1-%06d.mkv');
    expect(args[args.indexOf('-protocol_whitelist') + 1]).toBe('async,pipe,rtp,udp,tcp');
    expect(args.filter((arg) => arg === '-i')).toHaveLength(1);
    expect(args).not.toContain('-nostdin');
  });
});
