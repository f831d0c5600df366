import { Unreadable } from './unreadable.ts';

/** What a pickle may hold here: plain data, and what `PickleWorld` makes of the names it knows. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledObject
  | Pickled[]
  | Map<Pickled, Pickled>;

/** Anything that a `PickleWorld` makes. */
export abstract class PickledObject {
  /** The pickle gives the object its state; refuses unless a class allows it. */
  setState(_state: Pickled): void {
    throw new Unreadable(`sets the state of a ${this.constructor.name}`);
  }
}

/** A name of Python's that the pickle mentions. */
export interface PickledName extends PickledObject {
  /** What calling it with these arguments gives. */
  call(args: readonly Pickled[]): Pickled;
}

/** All that the interpreter knows beyond plain data. Both refuse by throwing Unreadable. */
export interface PickleWorld {
  /** The name `module.name`. */
  name(module: string, name: string): PickledName;
  /** The object that the pickle only points to. */
  persistent(id: Pickled): Pickled;
}

const MARK = Symbol('mark');
type Slot = Pickled | typeof MARK;

/** Longest whole number, bytes: PyTorch's magic number has 10. */
const LONGEST_NUMBER_BYTES = 32;

/**
 * Reads one pickle of protocols 2 to 5 (Python's `pickletools` describes the opcodes). It interprets data and nothing else: no name is looked
 * up anywhere but in `world`, nothing is executed, and each opcode needs at least a byte of the input, so that memory and time are bounded
 * by its size. Returns the object and the byte after it. Throws Unreadable.
 */
export function readPickle(bytes: Buffer, start: number, world: PickleWorld): { value: Pickled; end: number } {
  return new PickleReader(bytes, start, world).read();
}

class PickleReader {
  readonly #bytes: Buffer;
  readonly #world: PickleWorld;
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, Pickled>();
  #at: number;

  constructor(bytes: Buffer, start: number, world: PickleWorld) {
    this.#bytes = bytes;
    this.#world = world;
    this.#at = start;
  }

  read(): { value: Pickled; end: number } {
    for (;;) {
      const at = this.#at;
      const opcode = this.#take(1)[0] ?? 0;
      if (opcode === 0x2e) return { value: this.#pop(), end: this.#at }; // STOP
      const step = OPCODES[opcode];
      if (!step)
        throw new Unreadable(`holds the pickle opcode 0x${opcode.toString(16)} at byte ${at}, which is not read`);
      step(this.#hands);
    }
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Unreadable('holds a pickle that breaks off');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new Unreadable('holds a pickle that breaks off');
    const line = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return line;
  }

  #pop(): Pickled {
    const slot = this.#stack.pop();
    if (slot === undefined || slot === MARK) throw new Unreadable('holds a pickle that takes more than it gave');
    return slot;
  }

  #popToMark(): Pickled[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw new Unreadable('holds a pickle without the mark that it goes back to');
    const taken = this.#stack.splice(mark);
    return taken.slice(1) as Pickled[];
  }

  readonly #hands: Hands = {
    take: (count) => this.#take(count),
    line: () => this.#line(),
    push: (value) => this.#stack.push(value),
    mark: () => this.#stack.push(MARK),
    pop: () => this.#pop(),
    popMany: (count) => Array.from({ length: count }, () => this.#pop()).reverse(),
    popToMark: () => this.#popToMark(),
    top: () => {
      const top = this.#pop();
      this.#stack.push(top);
      return top;
    },
    keep: (index) => {
      const top = this.#pop();
      this.#stack.push(top);
      this.#memo.set(index, top);
    },
    keepNext: () => {
      const top = this.#pop();
      this.#stack.push(top);
      this.#memo.set(this.#memo.size, top);
    },
    recall: (index) => {
      const kept = this.#memo.get(index);
      if (kept === undefined) throw new Unreadable('holds a pickle that recalls what it never kept');
      this.#stack.push(kept);
    },
    name: (module, name) => this.#stack.push(this.#world.name(module, name)),
    persistent: (id) => this.#stack.push(this.#world.persistent(id)),
  };
}

/** What an opcode may do. */
interface Hands {
  take(count: number): Buffer;
  line(): string;
  push(value: Pickled): void;
  mark(): void;
  pop(): Pickled;
  popMany(count: number): Pickled[];
  popToMark(): Pickled[];
  top(): Pickled;
  keep(index: number): void;
  keepNext(): void;
  recall(index: number): void;
  name(module: string, name: string): void;
  persistent(id: Pickled): void;
}

const u1 = (hands: Hands) => hands.take(1).readUInt8();
const u2 = (hands: Hands) => hands.take(2).readUInt16LE();
const u4 = (hands: Hands) => hands.take(4).readUInt32LE();
const i4 = (hands: Hands) => hands.take(4).readInt32LE();
const u8 = (hands: Hands) => Number(hands.take(8).readBigUInt64LE());
const text = (bytes: Buffer) => bytes.toString('utf8');

/** A whole number, two's complement, little endian; a bigint only where a number would not be exact. */
function wholeNumber(bytes: Buffer): number | bigint {
  if (bytes.length > LONGEST_NUMBER_BYTES) throw new Unreadable('holds a number of more than 32 bytes');
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

function asList(value: Pickled): Pickled[] {
  if (!Array.isArray(value)) throw new Unreadable('appends to what is not a list');
  return value;
}

function asMap(value: Pickled): Map<Pickled, Pickled> {
  if (!(value instanceof Map)) throw new Unreadable('sets items of what is not a dictionary');
  return value;
}

function asName(value: Pickled): PickledName {
  if (!(value instanceof PickledObject) || !('call' in value)) throw new Unreadable('calls what cannot be called');
  return value as PickledName;
}

function setItems(target: Map<Pickled, Pickled>, items: readonly Pickled[]): void {
  if (items.length % 2 !== 0) throw new Unreadable('holds a dictionary with a key that has no value');
  for (let i = 0; i < items.length; i += 2) target.set(items[i] ?? null, items[i + 1] ?? null);
}

function call(hands: Hands): void {
  const [name, args] = hands.popMany(2);
  hands.push(asName(name ?? null).call(asList(args ?? null)));
}

function build(hands: Hands): void {
  const state = hands.pop();
  const target = hands.top();
  if (target instanceof PickledObject) target.setState(state);
  // an OrderedDict may carry attributes of its own (state dicts have `_metadata`): nothing of ours
  else if (!(target instanceof Map)) throw new Unreadable('sets the state of what has none');
}

function textName(value: Pickled): string {
  if (typeof value !== 'string') throw new Unreadable('names something by what is not a text');
  return value;
}

/** By opcode. Left out on purpose: protocol 0 and 1 texts, INST, OBJ, NEWOBJ_EX, EXT*, sets, buffers outside of the pickle. */
const OPCODES: Readonly<Record<number, (hands: Hands) => void>> = {
  40: (hands) => hands.mark(), // MARK
  48: (hands) => void hands.pop(), // POP
  49: (hands) => void hands.popToMark(), // POP_MARK
  50: (hands) => hands.push(hands.top()), // DUP
  78: (hands) => hands.push(null), // NONE
  136: (hands) => hands.push(true), // NEWTRUE
  137: (hands) => hands.push(false), // NEWFALSE
  74: (hands) => hands.push(i4(hands)), // BININT
  75: (hands) => hands.push(u1(hands)), // BININT1
  77: (hands) => hands.push(u2(hands)), // BININT2
  138: (hands) => hands.push(wholeNumber(hands.take(u1(hands)))), // LONG1
  139: (hands) => hands.push(wholeNumber(hands.take(u4(hands)))), // LONG4
  71: (hands) => hands.push(hands.take(8).readDoubleBE()), // BINFLOAT
  84: (hands) => hands.push(text(hands.take(u4(hands)))), // BINSTRING, of Python 2
  85: (hands) => hands.push(text(hands.take(u1(hands)))), // SHORT_BINSTRING, of Python 2
  88: (hands) => hands.push(text(hands.take(u4(hands)))), // BINUNICODE
  140: (hands) => hands.push(text(hands.take(u1(hands)))), // SHORT_BINUNICODE
  141: (hands) => hands.push(text(hands.take(u8(hands)))), // BINUNICODE8
  66: (hands) => hands.push(Uint8Array.from(hands.take(u4(hands)))), // BINBYTES
  67: (hands) => hands.push(Uint8Array.from(hands.take(u1(hands)))), // SHORT_BINBYTES
  93: (hands) => hands.push([]), // EMPTY_LIST
  108: (hands) => hands.push(hands.popToMark()), // LIST
  97: (hands) => {
    const item = hands.pop(); // APPEND
    asList(hands.top()).push(item);
  },
  101: (hands) => {
    const items = hands.popToMark(); // APPENDS
    const list = asList(hands.top());
    for (const item of items) list.push(item);
  },
  41: (hands) => hands.push([]), // EMPTY_TUPLE
  116: (hands) => hands.push(hands.popToMark()), // TUPLE
  133: (hands) => hands.push(hands.popMany(1)), // TUPLE1
  134: (hands) => hands.push(hands.popMany(2)), // TUPLE2
  135: (hands) => hands.push(hands.popMany(3)), // TUPLE3
  125: (hands) => hands.push(new Map()), // EMPTY_DICT
  100: (hands) => {
    const target = new Map<Pickled, Pickled>(); // DICT
    setItems(target, hands.popToMark());
    hands.push(target);
  },
  115: (hands) => {
    const item = hands.popMany(2); // SETITEM
    setItems(asMap(hands.top()), item);
  },
  117: (hands) => {
    const items = hands.popToMark(); // SETITEMS
    setItems(asMap(hands.top()), items);
  },
  99: (hands) => hands.name(hands.line(), hands.line()), // GLOBAL
  147: (hands) => {
    const [module, name] = hands.popMany(2); // STACK_GLOBAL
    hands.name(textName(module ?? null), textName(name ?? null));
  },
  82: call, // REDUCE
  129: call, // NEWOBJ
  98: build, // BUILD
  81: (hands) => hands.persistent(hands.pop()), // BINPERSID
  113: (hands) => hands.keep(u1(hands)), // BINPUT
  114: (hands) => hands.keep(u4(hands)), // LONG_BINPUT
  148: (hands) => hands.keepNext(), // MEMOIZE
  104: (hands) => hands.recall(u1(hands)), // BINGET
  106: (hands) => hands.recall(u4(hands)), // LONG_BINGET
  128: (hands) => {
    const protocol = u1(hands); // PROTO
    if (protocol > 5) throw new Unreadable(`holds a pickle of protocol ${protocol}; up to 5 are known`);
  },
  149: (hands) => void hands.take(8), // FRAME
};
