import { crc32, deflateRawSync } from 'node:zlib';

/** Checkpoints byte by byte, so that each format is tested where no PyTorch is installed. */

export type Dtype = 'f16' | 'bf16' | 'f32' | 'f64' | 'i64';

/** Numbers that lie one after the other. */
export interface TestStorage {
  readonly key: string;
  readonly dtype: Dtype;
  readonly bytes: Buffer;
}

export interface TestTensor {
  readonly name: string;
  readonly storage: TestStorage;
  readonly shape: readonly number[];
  /** Elements; default: one after the other. */
  readonly steps?: readonly number[];
  readonly first?: number;
}

const SIZE = { f16: 2, bf16: 2, f32: 4, f64: 8, i64: 8 } as const;
const STORAGE_NAME = {
  f16: 'HalfStorage',
  bf16: 'BFloat16Storage',
  f32: 'FloatStorage',
  f64: 'DoubleStorage',
  i64: 'LongStorage',
} as const;

export function storage(key: string, dtype: Dtype, values: readonly number[]): TestStorage {
  const bytes = Buffer.alloc(values.length * SIZE[dtype]);
  values.forEach((value, i) => {
    if (dtype === 'f32') bytes.writeFloatLE(value, 4 * i);
    else if (dtype === 'f64') bytes.writeDoubleLE(value, 8 * i);
    else if (dtype === 'i64') bytes.writeBigInt64LE(BigInt(value), 8 * i);
    else bytes.writeUInt16LE(value, 2 * i); // f16, bf16: the bits themselves
  });
  return { key, dtype, bytes };
}

const elements = ({ dtype, bytes }: TestStorage) => bytes.length / SIZE[dtype];

function denseSteps(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
}

// ---- pickles

const join = (...parts: readonly (Buffer | string | number)[]) =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Buffer.from([part]) : typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
    ),
  );
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const pickle = {
  file: (...body: readonly Buffer[]) => join(0x80, 2, ...body, '.'),
  int: (value: number) => join('J', u32(value >>> 0)),
  /** Python 3's text. */
  text: (value: string) => join('X', u32(Buffer.byteLength(value)), Buffer.from(value)),
  /** Python 2's. */
  oldText: (value: string) => join('U', Buffer.byteLength(value), value),
  /** A whole number as Python 2's `long`. */
  oldInt: (value: number) => join(0x8a, 5, u32(value >>> 0), value < 0 ? 0xff : 0),
  name: (module: string, name: string) => join('c', `${module}\n${name}\n`),
  tuple: (...items: readonly Buffer[]) => join('(', ...items, 't'),
  list: (...items: readonly Buffer[]) => join(']', '(', ...items, 'e'),
  dict: (...items: readonly (readonly [Buffer, Buffer])[]) => join('}', '(', ...items.flat(), 'u'),
  call: (name: Buffer, ...args: readonly Buffer[]) => join(name, pickle.tuple(...args), 'R'),
  none: Buffer.from('N'),
  false: Buffer.from([0x89]),
  true: Buffer.from([0x88]),
};

/** `torch.serialization.MAGIC_NUMBER` as a pickle. */
const MAGIC = pickle.file(join(0x8a, 10, Buffer.from('6cfc9c46f9206aa85019', 'hex')));

interface Dialect {
  readonly text: (value: string) => Buffer;
  readonly int: (value: number) => Buffer;
  /** PyTorch before 0.4, written by Python 2. */
  readonly old: boolean;
}
const NEW: Dialect = { text: pickle.text, int: pickle.int, old: false };
const OLD: Dialect = { text: pickle.oldText, int: pickle.oldInt, old: true };

function pickledStorage({ text, int, old }: Dialect, { key, dtype, bytes }: TestStorage): Buffer {
  const view = old ? [pickle.none] : [];
  const count = int(bytes.length / SIZE[dtype]);
  const name = pickle.name('torch', STORAGE_NAME[dtype]);
  return join(pickle.tuple(text('storage'), name, text(key), text('cpu'), count, ...view), 'Q');
}

function pickledTensor(dialect: Dialect, tensor: TestTensor): Buffer {
  const { first = 0, shape, steps = denseSteps(shape) } = tensor;
  const args = [
    pickledStorage(dialect, tensor.storage),
    dialect.int(first),
    pickle.tuple(...shape.map(dialect.int)),
    pickle.tuple(...steps.map(dialect.int)),
  ];
  // a Variable calls its class with the numbers and then sets a state
  const rebuilt = pickle.call(pickle.name('torch._utils', '_rebuild_tensor'), ...args);
  const state = pickle.tuple(pickle.true, pickle.false, pickle.none);
  return dialect.old
    ? join(pickle.call(pickle.name('torch.nn.parameter', 'Parameter'), rebuilt), state, 'b')
    : pickle.call(
        pickle.name('torch._utils', '_rebuild_tensor_v2'),
        ...args,
        pickle.false,
        pickle.call(pickle.name('collections', 'OrderedDict')),
      );
}

/** An OrderedDict of the tensors, as `state_dict()` gives it; Python 2 hands its pairs over, Python 3 sets them. */
function stateDict(dialect: Dialect, tensors: readonly TestTensor[]): Buffer {
  const items = tensors.map((tensor) => [dialect.text(tensor.name), pickledTensor(dialect, tensor)] as const);
  const made = pickle.name('collections', 'OrderedDict');
  if (dialect.old) return pickle.call(made, pickle.list(...items.map((pair) => pickle.list(...pair))));
  const metadata = pickle.dict([pickle.text('_metadata'), pickle.dict([pickle.text(''), pickle.int(1)])]);
  return join(pickle.call(made), '(', ...items.flat(), 'u', metadata, 'b');
}

const storagesOf = (tensors: readonly TestTensor[]) => [
  ...new Map(tensors.map((tensor) => [tensor.storage.key, tensor.storage])).values(),
];

// ---- files

/** As `torch.save` of PyTorch 0.4 to 1.5 writes it; `python2`: of 0.1 to 0.3, run by Python 2. */
export function legacyFile(tensors: readonly TestTensor[], { python2 = false } = {}): Buffer {
  const dialect = python2 ? OLD : NEW;
  return legacyFileOf(stateDict(dialect, tensors), storagesOf(tensors), dialect.text);
}

export function legacyFileOf(
  object: Buffer,
  storages: readonly TestStorage[],
  text: (value: string) => Buffer = pickle.text,
  littleEndian = true,
): Buffer {
  const machine = pickle.dict([text('little_endian'), littleEndian ? pickle.true : pickle.false]);
  const numbers = storages.flatMap((one) => {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(elements(one)));
    return [count, one.bytes];
  });
  return Buffer.concat([
    MAGIC,
    pickle.file(pickle.int(1001)),
    pickle.file(machine),
    pickle.file(object),
    pickle.file(pickle.list(...storages.map(({ key }) => text(key)))),
    ...numbers,
  ]);
}

/** As `torch.save` since PyTorch 1.6 writes it. */
export function zipFile(tensors: readonly TestTensor[], options: ZipOptions = {}): Buffer {
  return zipFileOf(pickle.file(stateDict(NEW, tensors)), storagesOf(tensors), options);
}

export function zipFileOf(dataPickle: Buffer, storages: readonly TestStorage[], options: ZipOptions = {}): Buffer {
  return zip(
    [
      ['archive/data.pkl', dataPickle],
      ['archive/byteorder', Buffer.from('little')],
      ...storages.map(({ key, bytes }) => [`archive/data/${key}`, bytes] as const),
      ['archive/version', Buffer.from('3\n')],
    ],
    options,
  );
}

/** As `torch.jit.save` writes it: modules as objects of classes that the archive brings along, the tensors their attributes. */
export function torchScriptFile(tensors: readonly TestTensor[]): Buffer {
  interface Node {
    readonly members: Map<string, Node | TestTensor>;
  }
  const root: Node = { members: new Map() };
  for (const tensor of tensors) {
    const path = tensor.name.split('.');
    const last = path.pop() ?? '';
    let node = root;
    for (const part of path) {
      const next = node.members.get(part) ?? { members: new Map() };
      node.members.set(part, next);
      node = next as Node;
    }
    node.members.set(last, tensor);
  }
  const object = ({ members }: Node): Buffer =>
    join(
      pickle.name('__torch__.multimodal.model.___torch_mangle_7', 'Module'),
      ')',
      0x81, // NEWOBJ
      pickle.dict(
        [pickle.text('training'), pickle.false],
        [
          pickle.text('sizes'),
          pickle.call(pickle.name('torch.jit._pickle', 'build_intlist'), pickle.list(pickle.int(3))),
        ],
        ...[...members].map(
          ([name, member]) =>
            [pickle.text(name), 'members' in member ? object(member) : pickledTensor(NEW, member)] as const,
        ),
      ),
      'b',
    );
  return zip([
    ['model/version', Buffer.from('3\n')],
    ['model/data.pkl', pickle.file(object(root))],
    ...storagesOf(tensors).map(({ key, bytes }) => [`model/data/${key}`, bytes] as const),
    ['model/code/__torch__/multimodal/model.py', Buffer.from('def forward(self): return 1\n'.repeat(20))],
    ['model/constants.pkl', pickle.file(Buffer.from(')'))],
  ]);
}

/** As `safetensors.torch.save_file` writes it. */
export function safetensorsFile(tensors: readonly TestTensor[]): Buffer {
  const names = { f16: 'F16', bf16: 'BF16', f32: 'F32', f64: 'F64', i64: 'I64' } as const;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let at = 0;
  for (const {
    name,
    shape,
    storage: { dtype, bytes },
  } of tensors) {
    header[name] = { dtype: names[dtype], shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  return safetensorsFileOf(JSON.stringify(header), Buffer.concat(tensors.map((tensor) => tensor.storage.bytes)));
}

export function safetensorsFileOf(header: string, numbers: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), numbers]);
}

// ---- zip

export interface ZipOptions {
  /** Sizes in 64 bits, as archives of more than 4 GiB have them. */
  readonly zip64?: boolean;
  /** Packs these entries; by default those of `code/`, as TorchScript does. */
  readonly deflate?: RegExp;
}

/** A zip archive whose entries begin at multiples of 64 bytes, as PyTorch's do. */
export function zip(
  entries: readonly (readonly [string, Buffer])[],
  { zip64 = false, deflate = /\/code\// }: ZipOptions = {},
): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of entries) {
    const packed = deflate.test(name) ? deflateRawSync(bytes) : bytes;
    const method = packed === bytes ? 0 : 8;
    const padding = Buffer.alloc((64 - ((at + 30 + name.length + 4) % 64)) % 64);
    const localExtra = Buffer.concat([Buffer.from('FB'), u16(padding.length), padding]);
    const large = Buffer.alloc(24);
    large.writeBigUInt64LE(BigInt(bytes.length), 0);
    large.writeBigUInt64LE(BigInt(packed.length), 8);
    large.writeBigUInt64LE(BigInt(at), 16);
    const centralExtra = zip64 ? Buffer.concat([u16(1), u16(24), large]) : Buffer.alloc(0);
    const common = (compressed: number, whole: number, extra: number) =>
      Buffer.concat([
        u16(45),
        u16(0),
        u16(method),
        u32(0),
        u32(crc32(bytes)),
        u32(compressed),
        u32(whole),
        u16(name.length),
        u16(extra),
      ]);
    const local = join('PK\x03\x04', common(packed.length, bytes.length, localExtra.length), name, localExtra, packed);
    const sizes = zip64 ? common(0xff_ff_ff_ff, 0xff_ff_ff_ff, 28) : common(packed.length, bytes.length, 0);
    const place = zip64 ? 0xff_ff_ff_ff : at;
    centrals.push(join('PK\x01\x02', u16(45), sizes, u16(0), u16(0), u16(0), u32(0), u32(place), name, centralExtra));
    locals.push(local);
    at += local.length;
  }
  const central = Buffer.concat(centrals);
  const count = u16(entries.length);
  const end = join('PK\x05\x06', u16(0), u16(0), count, count, u32(central.length), u32(at), u16(0));
  return Buffer.concat([...locals, central, end]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
