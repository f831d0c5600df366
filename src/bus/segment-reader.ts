import type { Redis } from 'ioredis';
import { reasonOf } from '../platform/errors.ts';
import { INFER_GROUP, segmentStreamKey } from './keys.ts';
import { GapLedger } from './loss-ledger.ts';
import type { Segment } from './segment.ts';
import {
  CLIP_FIELD,
  type DecodedSegment,
  decodeSegment,
  HEADER_FIELD,
  PIXELS_FIELD,
  STILL_FIELD,
} from './segment-codec.ts';

/**
 * Why the reader lost a segment: `bus_overflow` trimmed while a reader that died had it, `bus_lost` gone with a wiped
 * Redis, `fenced` cut by an ingest that had lost its lease, `invalid` not a segment.
 */
export type ReaderLossReason = 'bus_overflow' | 'bus_lost' | 'fenced' | 'invalid';

export interface ReaderOptions {
  /** A connection of role `blocking`, used by nothing else. */
  readonly redis: Redis;
  /** Name of this consumer in the group; pending entries of every other consumer are taken over on `add`. */
  readonly consumer: string;
  readonly onLost: (cameraId: string, count: number, reason: ReaderLossReason) => void;
}

/** A segment and the entry to acknowledge once its outcome is committed. */
export interface ReadSegment {
  readonly entryId: string;
  readonly segment: Segment;
}

interface CameraCursor {
  readonly key: string;
  /** Where the take-over of pending entries stands; null once all were handed out. */
  claimFrom: string | null;
  groupReady: boolean;
  highestToken: number;
  readonly gaps: GapLedger;
}

type RawEntry = readonly [id: Buffer, fields: readonly Buffer[] | null];

/**
 * Reads many cameras' segment streams over one connection, each camera in order: first what any reader left
 * unacknowledged (the caller owns the camera by lease, so whoever had it is gone), then what is new.
 */
export class SegmentReader {
  readonly #redis: Redis;
  readonly #consumer: string;
  readonly #onLost: ReaderOptions['onLost'];
  readonly #cameras = new Map<string, CameraCursor>();
  readonly #cameraOfKey = new Map<string, string>();

  constructor(options: ReaderOptions) {
    this.#redis = options.redis;
    this.#consumer = options.consumer;
    this.#onLost = options.onLost;
  }

  /** Begins with a camera, or begins anew: pending entries come again. `minimumToken`: see `Segment.fencingToken`. */
  add(cameraId: string, minimumToken = 0): void {
    const key = segmentStreamKey(cameraId);
    this.#cameraOfKey.set(key, cameraId);
    this.#cameras.set(cameraId, {
      key,
      claimFrom: '0-0',
      groupReady: false,
      highestToken: minimumToken,
      gaps: new GapLedger(),
    });
  }

  remove(cameraId: string): void {
    const camera = this.#cameras.get(cameraId);
    if (!camera) return;
    this.#cameras.delete(cameraId);
    this.#cameraOfKey.delete(camera.key);
  }

  get cameraIds(): readonly string[] {
    return [...this.#cameras.keys()];
  }

  /**
   * The next segments of those `cameraIds` that were added, at most `count` of each, in order; waits up to `blockMs`
   * for the first. Throws ioredis' error while Redis is away; a wiped Redis heals by itself.
   */
  async read(cameraIds: readonly string[], count: number, blockMs: number): Promise<readonly ReadSegment[]> {
    const wanted = cameraIds.filter((id) => this.#cameras.has(id));
    if (wanted.length === 0) return [];
    try {
      for (const id of wanted) await this.#ensureGroup(id);
      const left = await this.#claimPending(wanted, count);
      if (left.length > 0) return left;
      return await this.#readNew(wanted, count, blockMs);
    } catch (error) {
      if (!/NOGROUP|UNBLOCKED|no longer exists/.test(reasonOf(error))) throw error;
      // Redis was wiped: groups are made anew by the next call, from the beginning of what is there
      for (const camera of this.#cameras.values()) {
        camera.groupReady = false;
        camera.claimFrom = null;
      }
      return [];
    }
  }

  async #ensureGroup(cameraId: string): Promise<void> {
    const camera = this.#cameras.get(cameraId);
    if (!camera || camera.groupReady) return;
    try {
      await this.#redis.xgroup('CREATE', camera.key, INFER_GROUP, '0', 'MKSTREAM');
    } catch (error) {
      if (!reasonOf(error).startsWith('BUSYGROUP')) throw error;
    }
    camera.groupReady = true;
  }

  async #claimPending(cameraIds: readonly string[], count: number): Promise<readonly ReadSegment[]> {
    const found: ReadSegment[] = [];
    for (const cameraId of cameraIds) {
      const camera = this.#cameras.get(cameraId);
      while (camera?.claimFrom != null && this.#cameras.get(cameraId) === camera) {
        const [next, entries, vanished] = (await this.#redis.callBuffer('XAUTOCLAIM', [
          camera.key,
          INFER_GROUP,
          this.#consumer,
          0,
          camera.claimFrom,
          'COUNT',
          count,
        ])) as [Buffer, (RawEntry | null)[], Buffer[]?];
        const cursor = next.toString();
        camera.claimFrom = cursor === '0-0' ? null : cursor;
        // Redis 7 lists what was trimmed while pending; 6.2 answers nil in its place
        const gone = (vanished?.length ?? 0) + entries.filter((entry) => entry === null || entry[1] === null).length;
        if (gone > 0) {
          camera.gaps.noteVanished(gone);
          this.#onLost(cameraId, gone, 'bus_overflow');
        }
        const taken = await this.#take(cameraId, camera, entries);
        found.push(...taken);
        if (taken.length > 0) break;
      }
    }
    return found;
  }

  async #readNew(cameraIds: readonly string[], count: number, blockMs: number): Promise<readonly ReadSegment[]> {
    const keys = cameraIds.flatMap((id) => this.#cameras.get(id)?.key ?? []);
    if (keys.length === 0) return [];
    const reply = (await this.#redis.callBuffer('XREADGROUP', [
      'GROUP',
      INFER_GROUP,
      this.#consumer,
      'COUNT',
      count,
      ...(blockMs > 0 ? ['BLOCK', Math.ceil(blockMs)] : []),
      'STREAMS',
      ...keys,
      ...keys.map(() => '>'),
    ])) as [Buffer, RawEntry[]][] | null;
    const found: ReadSegment[] = [];
    for (const [key, entries] of reply ?? []) {
      const cameraId = this.#cameraOfKey.get(key.toString());
      const camera = cameraId === undefined ? undefined : this.#cameras.get(cameraId);
      if (cameraId === undefined || !camera) continue; // removed meanwhile: stays pending for the next owner
      found.push(...(await this.#take(cameraId, camera, entries)));
    }
    return found;
  }

  /** Decodes entries and refuses those that must not be scored; the refused are acknowledged and counted. */
  async #take(cameraId: string, camera: CameraCursor, entries: readonly (RawEntry | null)[]): Promise<ReadSegment[]> {
    const taken: ReadSegment[] = [];
    for (const entry of entries) {
      if (!entry?.[1]) continue;
      const entryId = entry[0].toString();
      let decoded: DecodedSegment;
      try {
        const [, fields] = entry;
        const still = fieldOf(fields, STILL_FIELD);
        const clip = fieldOf(fields, CLIP_FIELD);
        decoded = decodeSegment(
          fieldOf(fields, HEADER_FIELD),
          fieldOf(fields, PIXELS_FIELD),
          still.length > 0 ? still : null,
          clip.length > 0 ? clip : null,
        );
      } catch {
        await this.#refuse(cameraId, entryId, 'invalid');
        continue;
      }
      const { segment, losses } = decoded;
      if (segment.fencingToken < camera.highestToken) {
        await this.#refuse(cameraId, entryId, 'fenced');
        continue;
      }
      camera.highestToken = segment.fencingToken;
      const lost = camera.gaps.observe(segment.fencingToken, losses);
      if (lost > 0) this.#onLost(cameraId, lost, 'bus_lost');
      taken.push({ entryId, segment });
    }
    return taken;
  }

  async #refuse(cameraId: string, entryId: string, reason: ReaderLossReason): Promise<void> {
    this.#onLost(cameraId, 1, reason);
    await acknowledge(this.#redis, cameraId, [entryId]);
  }
}

/** Marks entries as done and deletes them from the stream; harmless to repeat. To be called after the commit. */
export async function acknowledge(redis: Redis, cameraId: string, entryIds: readonly string[]): Promise<void> {
  if (entryIds.length === 0) return;
  const key = segmentStreamKey(cameraId);
  const replies = await redis
    .multi()
    .xack(key, INFER_GROUP, ...entryIds)
    .xdel(key, ...entryIds)
    .exec();
  for (const [error] of replies ?? []) if (error) throw error;
}

function fieldOf(fields: readonly Buffer[], name: string): Buffer {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1];
    if (value && fields[i]?.toString() === name) return value;
  }
  return Buffer.alloc(0);
}
