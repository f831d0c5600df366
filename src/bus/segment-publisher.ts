import type { Redis } from 'ioredis';
import { problem, reasonOf } from '../platform/errors.ts';
import { INFER_GROUP, segmentStreamKey } from './keys.ts';
import { LossLedger } from './loss-ledger.ts';
import type { Segment } from './segment.ts';
import { encodeSegment, HEADER_FIELD, PIXELS_FIELD, STILL_FIELD } from './segment-codec.ts';

/**
 * Trims to make room, telling how many of the trimmed nobody had read, then appends. Committed entries are deleted by
 * the reader, so what lies in the stream is either unread (id above the group's last) or being worked on.
 * Returns how many unread ones went. A still (ARGV 7 and 8) goes along only while few segments wait: a reader that is behind
 * does not look at pictures, and they are most of the memory.
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
if ARGV[8] and redis.call('XLEN', key) < tonumber(ARGV[9]) then
  redis.call('XADD', key, 'MAXLEN', '=', limit, '*', ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
else
  redis.call('XADD', key, 'MAXLEN', '=', limit, '*', ARGV[3], ARGV[4], ARGV[5], ARGV[6])
end
return unread
`;

/** Segments of one camera that may wait with their stills. */
const STILLS_WAITING = 8;

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
    const { header, pixels, still } = encodeSegment(segment, { ...place, limit: this.#limit });
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
          ...(still ? [STILL_FIELD, still, STILLS_WAITING] : []),
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
