import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Segment } from '../../src/bus/segment.ts';
import { PackRegistry } from '../../src/infer/packs/pack-registry.ts';
import { PackSession } from '../../src/infer/runner/session.ts';
import type { SceneEvent } from '../../src/scene/long-run/anomaly-plan.ts';
import {
  LONG_SCENE_FRAMES_PER_SECOND,
  LONG_SCENE_HEIGHT,
  LONG_SCENE_WIDTH,
  LongScene,
} from '../../src/scene/long-run/long-scene.ts';
import { halveInto, widened } from '../../src/score/halved.ts';
import type { SegmentFeatures } from '../../src/score/segment-features.ts';
import { scenesVersion } from './code-version.ts';
import { type CameraJob, sceneKind, sceneName } from './job.ts';

export const FRAMES_PER_SEGMENT = 5;
export const SEGMENT_SECONDS = FRAMES_PER_SEGMENT / LONG_SCENE_FRAMES_PER_SECOND;
const WRITE_SEGMENTS = 256;

/** A camera's features in order, and what was really there. */
export interface FeatureStream {
  readonly events: readonly SceneEvent[];
  readonly kept: boolean;
  /** Processor time that segments took so far, told from some (`sampledCpuMs`). */
  readonly spent: { renderMs: number; extractMs: number };
  segments(): AsyncGenerator<SegmentFeatures, void, undefined>;
}

/** Shape of what is kept of each segment: 16 bits a value (the upper half of a float32), the grid first. */
interface KeptHead {
  readonly segments: number;
  readonly epochMs: number;
  readonly grid: readonly [rows: number, columns: number, channels: number];
  readonly lattice: readonly [rows: number, columns: number, channels: number] | null;
  readonly events: readonly SceneEvent[];
}

/** Start of a scene on the calendar, UTC ms. */
const epochOf = ({ startHour }: CameraJob): number => Date.UTC(2026, 2, 2) + startHour * 3_600_000;

/** Features from the folder if they are kept there, else rendered, extracted and, with a folder, kept. */
export async function openFeatures(job: CameraJob): Promise<FeatureStream> {
  const pack = await new PackRegistry().load('motion-grid');
  const version = pack.manifest.files?.[0]?.sha256?.slice(0, 8) ?? 'none';
  const file =
    job.featureFolder === null
      ? null
      : join(job.featureFolder, `${sceneName(job)}-${await scenesVersion()}-${version}`);
  if (file !== null) {
    const head = await readFile(`${file}.json`, 'utf8').catch(() => null);
    if (head !== null) return openKept(file, JSON.parse(head) as KeptHead);
  }
  const durationSeconds = job.learnMinutes * 60 + job.monitoredSeconds;
  const scene = new LongScene({
    kind: sceneKind(job.kind),
    seed: job.seed,
    startHour: job.startHour,
    durationSeconds,
    quietSeconds: job.learnMinutes * 60,
    ...(job.gapMinutes ? { gapMinutes: job.gapMinutes } : {}),
  });
  const session = await PackSession.open(pack, { providers: ['cpu'], threads: 1 });
  const spent = { renderMs: 0, extractMs: 0 };
  return {
    events: scene.events,
    kept: false,
    spent,
    async *segments() {
      const keeper = file === null ? null : await Keeper.open(file);
      const count = Math.floor(scene.frames / FRAMES_PER_SEGMENT);
      const epochMs = epochOf(job);
      try {
        for (let sequence = 0; sequence < count; sequence += 1) {
          const began = sampledCpuMs(sequence);
          const segment = renderSegment(scene, job, epochMs, sequence);
          const rendered = sampledCpuMs(sequence);
          const [features] = await session.extract([segment]);
          spent.renderMs += rendered - began;
          spent.extractMs += sampledCpuMs(sequence) - rendered;
          if (!features) throw new Error('the pack gave no features');
          await keeper?.add(features);
          yield features;
        }
        await keeper?.finish({ segments: count, epochMs, events: scene.events });
      } finally {
        await keeper?.close();
        await session.close();
      }
    },
  };
}

/** To ask for processor time costs a twentieth of what is timed. Odd: some of it is done every second or fourth segment. */
const TIMED_EVERY = 11;

/**
 * Processor time of this process, which is what things cost however busy the machine is. Of one segment in eleven, times eleven; 0 of the
 * others: differences within a segment add up to about what all segments took.
 */
export function sampledCpuMs(sequence: number): number {
  if (sequence % TIMED_EVERY !== 0) return 0;
  const { user, system } = process.cpuUsage();
  return (TIMED_EVERY * (user + system)) / 1000;
}

function renderSegment(scene: LongScene, job: CameraJob, epoch: number, sequence: number): Segment {
  const size = LONG_SCENE_WIDTH * LONG_SCENE_HEIGHT;
  const pixels = new Uint8Array(FRAMES_PER_SEGMENT * size);
  const mediaTimesSeconds: number[] = [];
  for (let frame = 0; frame < FRAMES_PER_SEGMENT; frame += 1) {
    scene.render(pixels, frame * size);
    mediaTimesSeconds.push((sequence * FRAMES_PER_SEGMENT + frame) / LONG_SCENE_FRAMES_PER_SECOND);
  }
  return {
    cameraId: `${job.kind}-${job.seed}`,
    epoch,
    sequence,
    fencingToken: 1,
    frameTimesMs: mediaTimesSeconds.map((second) => epoch + Math.round(second * 1000)),
    mediaTimesSeconds,
    width: LONG_SCENE_WIDTH,
    height: LONG_SCENE_HEIGHT,
    pixelFormat: 'gray8',
    pixels,
  };
}

class Keeper {
  readonly #file: string;
  /** Its own: two processes may make the same camera's features. */
  readonly #partial: string;
  readonly #handle: Awaited<ReturnType<typeof open>>;
  #shape: Pick<KeptHead, 'grid' | 'lattice'> | null = null;
  #buffer: Uint16Array | null = null;
  #filled = 0;

  private constructor(file: string, partial: string, handle: Awaited<ReturnType<typeof open>>) {
    this.#file = file;
    this.#partial = partial;
    this.#handle = handle;
  }

  static async open(file: string): Promise<Keeper> {
    await mkdir(join(file, '..'), { recursive: true });
    const partial = `${file}.${process.pid}.partial`;
    return new Keeper(file, partial, await open(partial, 'w'));
  }

  async add({ rows, columns, channels, values, lattice }: SegmentFeatures): Promise<void> {
    this.#shape ??= {
      grid: [rows, columns, channels],
      lattice: lattice ? [lattice.rows, lattice.columns, lattice.channels] : null,
    };
    const each = values.length + (lattice?.values.length ?? 0);
    this.#buffer ??= new Uint16Array(each * WRITE_SEGMENTS);
    halveInto(values, this.#buffer, this.#filled);
    if (lattice) halveInto(lattice.values, this.#buffer, this.#filled + values.length);
    this.#filled += each;
    if (this.#filled === this.#buffer.length) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (!this.#buffer || this.#filled === 0) return;
    await this.#handle.write(new Uint8Array(this.#buffer.buffer, 0, this.#filled * 2));
    this.#filled = 0;
  }

  /** The head is written last: without it the file does not count. */
  async finish(rest: Omit<KeptHead, 'grid' | 'lattice'>): Promise<void> {
    await this.#flush();
    if (!this.#shape) return;
    await rename(this.#partial, `${this.#file}.features`);
    await writeFile(`${this.#file}.json`, JSON.stringify({ ...rest, ...this.#shape }));
  }

  async close(): Promise<void> {
    await this.#handle.close();
    await rm(this.#partial, { force: true });
  }
}

/** Reads features that were kept by this file's `openFeatures`. */
export function openKept(file: string, head: KeptHead): FeatureStream {
  const area = (shape: readonly number[] | null): number => (shape ?? [0]).reduce((product, side) => product * side, 1);
  const gridLength = area(head.grid);
  const latticeLength = area(head.lattice);
  const each = 2 * (gridLength + latticeLength);
  return {
    events: head.events,
    kept: true,
    spent: { renderMs: 0, extractMs: 0 },
    async *segments() {
      const [rows, columns, channels] = head.grid;
      let sequence = 0;
      let left = Buffer.alloc(0);
      for await (const part of createReadStream(`${file}.features`, { highWaterMark: 64 * each })) {
        const bytes = left.length > 0 ? Buffer.concat([left, part as Buffer]) : (part as Buffer);
        let at = 0;
        for (; at + each <= bytes.length; at += each, sequence += 1) {
          const halves = new Uint16Array(each / 2);
          new Uint8Array(halves.buffer).set(bytes.subarray(at, at + each));
          const startMs = head.epochMs + Math.round(sequence * SEGMENT_SECONDS * 1000);
          yield {
            epoch: head.epochMs,
            sequence,
            startMs,
            endMs: startMs + Math.round(((FRAMES_PER_SEGMENT - 1) * 1000) / LONG_SCENE_FRAMES_PER_SECOND),
            rows,
            columns,
            channels,
            values: widened(halves, 0, gridLength),
            ...(head.lattice
              ? {
                  lattice: {
                    rows: head.lattice[0],
                    columns: head.lattice[1],
                    channels: head.lattice[2],
                    values: widened(halves, gridLength, latticeLength),
                  },
                }
              : {}),
          };
        }
        left = Buffer.from(bytes.subarray(at));
      }
    },
  };
}
