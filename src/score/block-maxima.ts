/** How a review, or its absence, tells a block of time with an alarm from one without. */
export type BlockVerdict = 'open' | 'confirmed' | 'dismissed';

/** The highest statistic of one block of time. */
export interface Block {
  /** Whole blocks since 1970. */
  readonly number: number;
  /** Nats, at least 0; accurate to 3 %. */
  readonly maximum: number;
  /** What is known of the alarm in it; null without one. */
  readonly alarm: BlockVerdict | null;
}

/** Plain JSON, at most 3 kB. */
export interface BlockMaximaState {
  /** Number of the first block in `levels`. */
  readonly first: number;
  /** One character a block: its level, or a blank where the camera was not watched. */
  readonly levels: string;
  /** Blocks with an alarm, as pairs of number and verdict letter. */
  readonly alarms: readonly (readonly [number, 'o' | 'c' | 'd'])[];
  /** The block going on: number, maximum, segments watched. */
  readonly current: readonly [number, number, number] | null;
}

export const BLOCK_MS = 600_000;
/** Seven days. */
const MAXIMUM_BLOCKS = 1008;
const MAXIMUM_ALARMS = 100;
/** A block watched for less says too little of ten minutes. */
const WATCHED_SHARE = 0.5;

/** Levels are 6 % apart: 0.5 x (1.06^level - 1) nats, up to 84. */
const LEVELS = 88;
const RATIO = 1.06;
const UNIT = 0.5;
const BLANK = ' ';

const LETTERS = { open: 'o', confirmed: 'c', dismissed: 'd' } as const;
const VERDICTS = { o: 'open', c: 'confirmed', d: 'dismissed' } as const;

/** The highest value of the sequential statistic in each ten minutes of the last seven days, in one character each. */
export class BlockMaxima {
  readonly #blockSegments: number;
  #first: number;
  #levels: string;
  #alarms: Map<number, BlockVerdict>;
  #current: { readonly number: number; maximum: number; segments: number } | null;

  /** @param segmentSeconds so long lasts a segment: tells how much of a block was watched */
  constructor(segmentSeconds: number, state: BlockMaximaState | null = null) {
    this.#blockSegments = BLOCK_MS / 1_000 / segmentSeconds;
    this.#first = state?.first ?? 0;
    this.#levels = state?.levels ?? '';
    this.#alarms = new Map(state?.alarms.map(([number, letter]) => [number, VERDICTS[letter]]));
    const current = state?.current ?? null;
    this.#current = current && { number: current[0], maximum: current[1], segments: current[2] };
  }

  /** Enters the block of this time, UTC ms, which may end the one before. Returns its number. */
  advance(endMs: number): number {
    const number = Math.floor(endMs / BLOCK_MS);
    if (this.#current?.number === number) return number;
    if (this.#current !== null && number < this.#current.number - 1) this.#forget();
    else this.#close();
    this.#current = { number, maximum: 0, segments: 0 };
    return number;
  }

  /** Takes in the statistic after one segment, nats. */
  observe(value: number, alarm: boolean): void {
    const current = this.#current;
    if (current === null) return;
    current.segments += 1;
    if (value > current.maximum) current.maximum = value;
    if (alarm && !this.#alarms.has(current.number)) this.#alarms.set(current.number, 'open');
  }

  /** What a person said of an incident: its blocks count for certain, or never. */
  review(fromMs: number, toMs: number, verdict: BlockVerdict): void {
    for (const number of this.#alarms.keys()) {
      if (number >= Math.floor(fromMs / BLOCK_MS) && number <= Math.floor(toMs / BLOCK_MS)) {
        this.#alarms.set(number, verdict);
      }
    }
  }

  /** Blocks that ended and were watched for at least half of their time, oldest first. */
  blocks(): readonly Block[] {
    const blocks: Block[] = [];
    for (let index = 0; index < this.#levels.length; index++) {
      const level = levelOf(this.#levels, index);
      if (level === null) continue;
      const number = this.#first + index;
      const maximum = UNIT * (RATIO ** level - 1);
      blocks.push({ number, maximum, alarm: this.#alarms.get(number) ?? null });
    }
    return blocks;
  }

  toJSON(): BlockMaximaState {
    return {
      first: this.#first,
      levels: this.#levels,
      alarms: [...this.#alarms].map(([number, verdict]) => [number, LETTERS[verdict]] as const),
      current: this.#current && [this.#current.number, this.#current.maximum, this.#current.segments],
    };
  }

  #close(): void {
    const current = this.#current;
    if (current === null) return;
    const watched = current.segments >= this.#blockSegments * WATCHED_SHARE;
    if (this.#levels === '') this.#first = current.number;
    const gap = current.number - this.#first - this.#levels.length;
    // the wall clock stepped back into a block that is closed: that one stands
    if (gap < 0) return;
    const missing = gap >= MAXIMUM_BLOCKS ? '' : BLANK.repeat(gap);
    const kept = gap >= MAXIMUM_BLOCKS ? '' : this.#levels;
    this.#levels = (kept + missing + (watched ? characterOf(current.maximum) : BLANK)).slice(-MAXIMUM_BLOCKS);
    this.#first = current.number + 1 - this.#levels.length;
    for (const number of this.#alarms.keys()) {
      if (number < this.#first || this.#alarms.size > MAXIMUM_ALARMS) this.#alarms.delete(number);
    }
  }

  /** The wall clock went back: times before and after cannot be compared. */
  #forget(): void {
    this.#levels = '';
    this.#alarms = new Map();
    this.#current = null;
  }
}

/** Printable ASCII from # on, without the backslash, which JSON would double. */
function characterOf(maximum: number): string {
  const level = Math.min(LEVELS - 1, Math.max(0, Math.round(Math.log(1 + maximum / UNIT) / Math.log(RATIO))));
  const code = 35 + level;
  return String.fromCharCode(code >= 92 ? code + 1 : code);
}

function levelOf(levels: string, index: number): number | null {
  const code = levels.charCodeAt(index);
  if (code === BLANK.charCodeAt(0)) return null;
  return code - (code > 92 ? 36 : 35);
}
