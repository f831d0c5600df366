import type { Redis } from 'ioredis';
import { problem, reasonOf } from '../platform/errors.ts';
import { INFER_GROUP, segmentStreamKey } from './keys.ts';
import { LossLedger } from './loss-ledger.ts';
import type { Segment } from './segment.ts';
import { CLIP_FIELD, encodeSegment, HEADER_FIELD, PIXELS_FIELD, STILL_FIELD } from './segment-codec.ts';

/**
 * Trims to make room, telling how many of the trimmed nobody had read, then appends. Committed entries are deleted by
 * the reader, so what lies in the stream is either unread (id above the group's last) or being worked on.
 * Returns how many unread ones went. Pictures (a still, a clip: ARGV 8 on) go along only while fewer than ARGV 7 segments wait: a
 * reader that is behind does not look at pictures, and they are most of the memory.
 */
const PUBLISH = `
local key, limit, group = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local excess = redis.call('XLEN', key) + 1 - limit
local unread = 0
if excess > 0 then
  local last = '0-0'
  if redis.call('EXISTS', key) == 1 then
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', key)) do
      local name, delivered
      for i = 1, #info, 2 do
        if info[i] == 'name' then name = info[i + 1] end
        if info[i] == 'last-delivered-id' then delivered = info[i + 1] end
      end
      if name == group then last = delivered end
    end
  end
  local function parts(id)
    local ms, n = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(ms), tonumber(n)
  end
  local lastMs, lastN = parts(last)
  local kept = redis.call('XRANGE', key, '-', '+', 'COUNT', excess)
  for _, entry in ipairs(kept) do
    local ms, n = parts(entry[1])
    if ms > lastMs or (ms == lastMs and n > lastN) then unread = unread + 1 end
  end
end
local pictures = {}
if ARGV[8] and redis.call('XLEN', key) < tonumber(ARGV[7]) then
  for i = 8, #ARGV do pictures[#pictures + 1] = ARGV[i] end
end
redis.call('XADD', key, 'MAXLEN', '=', limit, '*', ARGV[3], ARGV[4], ARGV[5], ARGV[6], unpack(pictures))
return unread
`;

/** Segments of one camera that may wait with their pictures, at most. */
const PICTURES_WAITING = 8;
/** Fewer where the pictures are large: so much memory of one camera's may wait… */
const PICTURES_WAITING_BYTES = 24 * 1024 ** 2;
/** …but so many at least, since one is always being worked on. */
const PICTURES_WAITING_LEAST = 3;

export interface PublisherOptions {
  readonly redis: Redis;
  /** Segments that may wait in one camera's stream; beyond it the oldest goes. */
  readonly segmentsPerCamera: number;
}

/** Puts segments on the cameras' streams, dropping the oldest where a stream is full. */
export class SegmentPublisher {
  readonly #redis: Redis;
  readonly #limit: number;
  readonly #ledgers = new Map<string, LossLedger>();

  constructor(options: PublisherOptions) {
    this.#redis = options.redis;
    this.#limit = options.segmentsPerCamera;
  }

  /**
   * Appends the segment; segments of one camera must come one after the other, in order. `dropped` is how many
   * segments that nobody had read went to make room: count them as `bus_overflow`.
   * Throws VDT_UNAVAILABLE while Redis is away or full: the segment is then lost, count it as `bus_unavailable`.
   */
  async publish(segment: Segment): Promise<{ readonly dropped: number }> {
    const ledger = this.#ledgerOf(segment.cameraId);
    const place = ledger.begin(segment.epoch, segment.sequence);
    const { header, pixels, still, clip } = encodeSegment(segment, { ...place, limit: this.#limit });
    let dropped: number;
    try {
      dropped = Number(
        await this.#redis.eval(
          PUBLISH,
          1,
          segmentStreamKey(segment.cameraId),
          this.#limit,
          INFER_GROUP,
          HEADER_FIELD,
          header,
          PIXELS_FIELD,
          pixels,
          picturesWaiting((still?.length ?? 0) + (clip?.length ?? 0)),
          ...(still ? [STILL_FIELD, still] : []),
          ...(clip ? [CLIP_FIELD, clip] : []),
        ),
      );
    } catch (error) {
      ledger.add(1);
      throw problem('VDT_UNAVAILABLE', { what: 'Redis', reason: reasonOf(error) }, { cause: error });
    }
    ledger.add(dropped);
    return { dropped };
  }

  /** Removes a deleted camera's stream. */
  async forget(cameraId: string): Promise<void> {
    this.#ledgers.delete(cameraId);
    await this.#redis.del(segmentStreamKey(cameraId));
  }

  #ledgerOf(cameraId: string): LossLedger {
    let ledger = this.#ledgers.get(cameraId);
    if (!ledger) {
      ledger = new LossLedger();
      this.#ledgers.set(cameraId, ledger);
    }
    return ledger;
  }
}

/** How many segments of a camera may wait with pictures of so many bytes each. */
function picturesWaiting(bytes: number): number {
  const fitting = Math.floor(PICTURES_WAITING_BYTES / Math.max(1, bytes));
  return Math.min(PICTURES_WAITING, Math.max(PICTURES_WAITING_LEAST, fitting));
}
