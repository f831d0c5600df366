import type { ElementFormat } from './element-type.ts';
import { type Pickled, type PickledName, PickledObject, type PickleWorld } from './pickle.ts';
import { spanOf } from './stored-tensor.ts';
import { Unreadable } from './unreadable.ts';

/** By the name of PyTorch's class of storage. */
const STORAGES: Readonly<Record<string, ElementFormat>> = {
  FloatStorage: { name: 'float32', type: 'f32', sizeBytes: 4 },
  HalfStorage: { name: 'float16', type: 'f16', sizeBytes: 2 },
  BFloat16Storage: { name: 'bfloat16', type: 'bf16', sizeBytes: 2 },
  DoubleStorage: { name: 'float64', type: 'f64', sizeBytes: 8 },
  LongStorage: { name: 'int64', type: 'other', sizeBytes: 8 },
  IntStorage: { name: 'int32', type: 'other', sizeBytes: 4 },
  ShortStorage: { name: 'int16', type: 'other', sizeBytes: 2 },
  CharStorage: { name: 'int8', type: 'other', sizeBytes: 1 },
  ByteStorage: { name: 'uint8', type: 'other', sizeBytes: 1 },
  BoolStorage: { name: 'bool', type: 'other', sizeBytes: 1 },
};

/** Numbers that lie somewhere in the file; `key` says where, in the way of the file's format. */
export class TorchStorage extends PickledObject {
  readonly key: string;
  readonly format: ElementFormat;
  /** Of the whole storage `key`. */
  readonly elements: number;
  /** Of the part that this one shows (a view, in files of PyTorch before 0.4), elements. */
  readonly firstElement: number;

  constructor(key: string, format: ElementFormat, elements: number, firstElement = 0) {
    super();
    this.key = key;
    this.format = format;
    this.elements = elements;
    this.firstElement = firstElement;
  }
}

/** A look at a storage; `first` and `steps` count elements. */
export class TorchTensor extends PickledObject {
  readonly storage: TorchStorage;
  readonly first: number;
  readonly shape: readonly number[];
  readonly steps: readonly number[];

  constructor(storage: TorchStorage, first: number, shape: readonly number[], steps: readonly number[]) {
    super();
    this.storage = storage;
    this.first = first;
    this.shape = shape;
    this.steps = steps;
  }

  /** Old parameters and tensors with attributes of their own carry a state: nothing of ours. */
  override setState(): void {}
}

/** An object of a class that a TorchScript archive brings along: its attributes, none of its code. */
export class ScriptObject extends PickledObject {
  attributes: ReadonlyMap<Pickled, Pickled> = new Map();

  override setState(state: Pickled): void {
    if (!(state instanceof Map)) throw new Unreadable('holds a TorchScript object whose state is not a dictionary');
    this.attributes = state;
  }
}

class StorageClass extends PickledObject implements PickledName {
  readonly format: ElementFormat;

  constructor(format: ElementFormat) {
    super();
    this.format = format;
  }

  call(): Pickled {
    throw new Unreadable('makes a storage of its own');
  }
}

/** What is called by name; `args` come from the file. */
class Known extends PickledObject implements PickledName {
  readonly #make: (args: readonly Pickled[]) => Pickled;

  constructor(make: (args: readonly Pickled[]) => Pickled) {
    super();
    this.#make = make;
  }

  call(args: readonly Pickled[]): Pickled {
    return this.#make(args);
  }
}

const firstOf = new Known(([value = null]) => value);

/** All names, besides storages, that checkpoints of plain tensors need. */
const NAMES: Readonly<Record<string, PickledName>> = {
  'torch._utils._rebuild_tensor': new Known(tensor), // before 0.4
  'torch._utils._rebuild_tensor_v2': new Known(tensor),
  'torch._utils._rebuild_parameter': firstOf,
  'torch.nn.parameter.Parameter': firstOf, // before 0.4
  'torch.autograd.variable.Variable': firstOf, // before 0.4
  'torch.Size': firstOf,
  // TorchScript's lists of one kind
  'torch.jit._pickle.build_intlist': firstOf,
  'torch.jit._pickle.build_doublelist': firstOf,
  'torch.jit._pickle.build_boollist': firstOf,
  'torch.jit._pickle.build_tensorlist': firstOf,
  'torch.jit._pickle.restore_type_tag': firstOf,
};

/** Most dimensions of a tensor. */
const MOST_AXES = 16;
/** Most pairs that the OrderedDicts of Python 2 may hold together: one list can be given to many. */
const MOST_PAIRS = 1_000_000;

/** The names of PyTorch that stand for plain tensors; any other is refused, whatever it would do. */
export class TorchWorld implements PickleWorld {
  readonly #storages = new Map<string, TorchStorage>();
  #pairs = 0;
  readonly #orderedDict = new Known(([pairs]) => this.#ordered(pairs));

  /** Every storage that was pointed to, by its key. */
  get storages(): ReadonlyMap<string, TorchStorage> {
    return this.#storages;
  }

  name(module: string, name: string): PickledName {
    const full = `${module}.${name}`;
    if (full === 'collections.OrderedDict') return this.#orderedDict;
    const storage = module === 'torch' && Object.hasOwn(STORAGES, name) ? STORAGES[name] : undefined;
    if (storage) return new StorageClass(storage);
    const known = Object.hasOwn(NAMES, full) ? NAMES[full] : undefined;
    if (known) return known;
    if (module === '__torch__' || module.startsWith('__torch__.')) return new Known(() => new ScriptObject());
    throw new Unreadable(`asks for ${full.slice(0, 200)}; only plain tensors are read`);
  }

  persistent(id: Pickled): Pickled {
    const [kind, type, key, , elements, view = null] = Array.isArray(id) ? id : [];
    if (kind !== 'storage' || !(type instanceof StorageClass) || !isName(key) || !isCount(elements)) {
      throw new Unreadable('points to something that is no storage');
    }
    const whole = new TorchStorage(String(key), type.format, elements);
    this.#storages.set(whole.key, whole);
    if (view === null) return whole;
    const [, first, shown] = Array.isArray(view) ? view : []; // its own key, first element, elements
    if (!isCount(first) || !isCount(shown) || first + shown > elements) {
      throw new Unreadable('shows a part of a storage that is not there');
    }
    return new TorchStorage(whole.key, type.format, elements, first);
  }

  /** Python 3 calls it empty, Python 2 with a list of pairs. */
  #ordered(pairs: Pickled | undefined): Pickled {
    const made = new Map<Pickled, Pickled>();
    for (const pair of Array.isArray(pairs) ? pairs : []) {
      this.#pairs += 1;
      if (!Array.isArray(pair) || pair.length !== 2 || this.#pairs > MOST_PAIRS) {
        throw new Unreadable('holds an OrderedDict of what are no pairs, or of too many');
      }
      made.set(pair[0] ?? null, pair[1] ?? null);
    }
    return made;
  }
}

function isName(value: Pickled | undefined): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isCount(value: Pickled | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** `_rebuild_tensor[_v2](storage, first element, shape, steps, …)` */
function tensor([storage, first, shape, steps]: readonly Pickled[]): Pickled {
  if (!(storage instanceof TorchStorage)) throw new Unreadable('holds a tensor without a storage');
  if (!isCount(first) || !isCounts(shape) || !isCounts(steps) || shape.length !== steps.length) {
    throw new Unreadable('holds a tensor of an impossible shape');
  }
  const start = storage.firstElement + first;
  if (start + spanOf(shape, steps) > storage.elements) {
    throw new Unreadable('holds a tensor that reaches beyond its storage');
  }
  return new TorchTensor(storage, start, shape, steps);
}

function isCounts(value: Pickled | undefined): value is number[] {
  return Array.isArray(value) && value.length <= MOST_AXES && value.every(isCount);
}
