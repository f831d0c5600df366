import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { Checkpoint, type CheckpointFormat } from '../../../src/infer/packs/checkpoint/checkpoint.ts';
import type { StoredTensor } from '../../../src/infer/packs/checkpoint/stored-tensor.ts';
import { tensorFloats } from '../../../src/infer/packs/checkpoint/tensor-floats.ts';
import { Unreadable } from '../../../src/infer/packs/checkpoint/unreadable.ts';
import { parseWeightsLayout } from '../../../src/infer/packs/checkpoint/weights-layout.ts';
import { writeWeights } from '../../../src/infer/packs/checkpoint/write-weights.ts';
import {
  legacyFile,
  legacyFileOf,
  pickle,
  safetensorsFile,
  safetensorsFileOf,
  storage,
  type TestTensor,
  torchScriptFile,
  zip,
  zipFile,
  zipFileOf,
} from '../../support/checkpoint-files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vedette-checkpoint-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function opened<T>(bytes: Buffer, format: CheckpointFormat, use: (checkpoint: Checkpoint) => Promise<T>) {
  const path = join(directory, 'checkpoint');
  await writeFile(path, bytes);
  const checkpoint = await Checkpoint.open(path, format);
  try {
    return await use(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** Every tensor's float32 values, by name; null for whole numbers. */
const valuesOf = (bytes: Buffer, format: CheckpointFormat) =>
  opened(bytes, format, async ({ source, tensors }) => {
    const values: Record<string, number[] | null> = {};
    for (const [name, tensor] of tensors) {
      const floats: number[] = [];
      if (tensor.format.type === 'other') values[name] = null;
      else {
        for await (const chunk of tensorFloats(source, tensor)) for (const value of chunk) floats.push(value);
        values[name] = floats;
      }
    }
    return values;
  });

const reasonOf = (bytes: Buffer, format: CheckpointFormat) =>
  valuesOf(bytes, format).then(
    () => 'read',
    (error: unknown) => (error instanceof Unreadable ? error.message : Promise.reject(error)),
  );

const TENSORS: readonly TestTensor[] = [
  { name: 'conv.weight', storage: storage('0', 'f32', [1, -2, 3.5, 4, 5, 6]), shape: [2, 3] },
  { name: 'conv.bias', storage: storage('1', 'f16', [0x3c00, 0xc000]), shape: [2] },
  { name: 'deep.er.scale', storage: storage('2', 'f64', [0.1]), shape: [] },
  { name: 'count', storage: storage('3', 'i64', [7]), shape: [1] },
];
const VALUES = {
  'conv.weight': [1, -2, 3.5, 4, 5, 6],
  'conv.bias': [1, -2],
  'deep.er.scale': [Math.fround(0.1)],
  count: null,
};

describe('the tensors of a published checkpoint', () => {
  it.each([
    ['an old PyTorch file', 'torch', legacyFile(TENSORS)],
    ['a PyTorch file of Python 2', 'torch', legacyFile(TENSORS, { python2: true })],
    ['a PyTorch zip file', 'torch', zipFile(TENSORS)],
    ['a PyTorch zip file with 64-bit sizes', 'torch', zipFile(TENSORS, { zip64: true })],
    ['a zip file with a packed pickle', 'torch', zipFile(TENSORS, { deflate: /data\.pkl$/ })],
    ['a TorchScript archive', 'torchscript', torchScriptFile(TENSORS)],
    ['a safetensors file', 'safetensors', safetensorsFile(TENSORS)],
  ] as const)('are found by name in %s', async (_, format, bytes) => {
    expect(await valuesOf(bytes, format)).toEqual(VALUES);
  });

  it.each([
    ['old', legacyFile],
    ['zip', zipFile],
  ] as const)('may share numbers, be transposed, cut out or repeated (%s file)', async (_, file) => {
    const shared = storage('0', 'f32', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const tensors: TestTensor[] = [
      { name: 'whole', storage: shared, shape: [3, 4] },
      { name: 'transposed', storage: shared, shape: [4, 3], steps: [1, 4] },
      { name: 'cut', storage: shared, shape: [2, 2], steps: [4, 1], first: 5 },
      { name: 'repeated', storage: shared, shape: [2, 3], steps: [0, 0], first: 7 },
      { name: 'tail', storage: shared, shape: [1, 2, 1], steps: [99, 1, 99], first: 10 },
      { name: 'none', storage: shared, shape: [0, 4] },
    ];
    expect(await valuesOf(file(tensors), 'torch')).toEqual({
      whole: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      transposed: [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
      cut: [5, 6, 9, 10],
      repeated: [7, 7, 7, 7, 7, 7],
      tail: [10, 11],
      none: [],
    });
  });

  it('become float32: halves of all kinds exactly, doubles rounded', async () => {
    const halves = [0x0000, 0x8000, 0x3555, 0x0001, 0x83ff, 0x0400, 0x7bff, 0x7c00, 0xfc00];
    const tensors: TestTensor[] = [
      { name: 'half', storage: storage('0', 'f16', halves), shape: [9] },
      { name: 'nan', storage: storage('1', 'f16', [0x7e00]), shape: [1] },
      { name: 'brain', storage: storage('2', 'bf16', [0x3f80, 0xc2f7, 0x0001]), shape: [3] },
      { name: 'double', storage: storage('3', 'f64', [1 / 3, 1e-50]), shape: [2] },
    ];
    for (const [bytes, format] of [
      [legacyFile(tensors), 'torch'],
      [safetensorsFile(tensors), 'safetensors'],
    ] as const) {
      expect(await valuesOf(bytes, format)).toEqual({
        half: [0, -0, 0.333251953125, 2 ** -24, -1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity],
        nan: [Number.NaN],
        brain: [1, -123.5, 2 ** -133],
        double: [Math.fround(1 / 3), 0],
      });
    }
  });

  it('lie below a dictionary’s other entries too, and storages of tensors that have no name do not disturb', async () => {
    const [weight] = TENSORS as [TestTensor];
    const unnamed = storage('9', 'f64', [1, 2]);
    const tensorOf = (tensor: TestTensor) => {
      const { shape } = tensor;
      return pickle.call(
        pickle.name('torch._utils', '_rebuild_tensor'),
        Buffer.concat([
          pickle.tuple(
            pickle.text('storage'),
            pickle.name('torch', tensor.storage.dtype === 'f64' ? 'DoubleStorage' : 'FloatStorage'),
            pickle.text(tensor.storage.key),
            pickle.text('cuda:0'),
            pickle.int(tensor.storage.dtype === 'f64' ? 2 : 6),
          ),
          Buffer.from('Q'),
        ]),
        pickle.int(0),
        pickle.tuple(...shape.map(pickle.int)),
        pickle.tuple(pickle.int(3), pickle.int(1)),
      );
    };
    const object = pickle.dict(
      [pickle.text('epoch'), pickle.int(3)],
      [pickle.text('momenta'), pickle.list(tensorOf({ name: '', storage: unnamed, shape: [0, 2] }))],
      [pickle.text('state_dict'), pickle.dict([pickle.text('w'), tensorOf(weight)])],
    );
    const bytes = legacyFileOf(object, [unnamed, weight.storage]);
    expect(await valuesOf(bytes, 'torch')).toEqual({ 'state_dict.w': VALUES['conv.weight'] });
  });
});

const python = spawnSync('/usr/bin/python3', ['-c', 'import torch']).status === 0 ? '/usr/bin/python3' : null;

describe.skipIf(python === null)(
  'checkpoints that PyTorch itself wrote (skipped where /usr/bin/python3 has no torch)',
  () => {
    test('hold what PyTorch reads from them, in each of its formats', { timeout: 60_000 }, async () => {
      const script = `
import collections, json, sys, torch
torch.manual_seed(1)
base = torch.randn(10, 6)
state = collections.OrderedDict(a=torch.randn(4, 3, 2), half=torch.randn(5).half(), brain=torch.randn(5).bfloat16(),
    double=torch.randn(3).double(), turned=base.t(), cut=base[2:5, 1:4], parameter=torch.nn.Parameter(torch.randn(2)),
    repeated=torch.randn(1).expand(3, 4), scalar=torch.tensor(1.5))
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin, self.norm = torch.nn.Linear(3, 4).half(), torch.nn.Sequential(torch.nn.BatchNorm1d(4))
        self.free, self.size, self.names = torch.nn.Parameter(torch.randn(5, 2)), 3, ['x', 'y']
    def forward(self, x):
        return self.norm(self.lin(x.half()).float()) + self.size + len(self.names[0])
net = Net().eval()
torch.save(state, sys.argv[1] + '/old', _use_new_zipfile_serialization=False)
torch.save(state, sys.argv[1] + '/zip')
torch.jit.save(torch.jit.script(net), sys.argv[1] + '/script')
plain = lambda s: {k: v.detach().float().contiguous().view(-1).tolist() for k, v in s.items() if v.is_floating_point()}
json.dump({'old': plain(state), 'zip': plain(state), 'script': plain(net.state_dict())}, open(sys.argv[1] + '/values', 'w'))
`;
      await writeFile(join(directory, 'write.py'), script); // TorchScript wants the source of its classes
      const made = spawnSync(python ?? '', [join(directory, 'write.py'), directory], { encoding: 'utf8' });
      expect(made.stderr).toBe('');
      const values = JSON.parse(await readFile(join(directory, 'values'), 'utf8')) as Record<
        string,
        Record<string, number[]>
      >;
      for (const [name, expected] of Object.entries(values)) {
        const bytes = await readFile(join(directory, name));
        const found = await valuesOf(bytes, name === 'script' ? 'torchscript' : 'torch');
        const floats = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null));
        const rounded = Object.entries(expected).map(([key, list]) => [key, list.map(Math.fround)]);
        expect(floats).toEqual(Object.fromEntries(rounded));
      }
    });
  },
);

describe('a checkpoint is refused, and nothing in it is run', () => {
  const old = (object: Buffer) => legacyFileOf(object, []);
  const text = pickle.text('x');

  it.each([
    ['os', 'system'],
    ['builtins', 'eval'],
    ['posix', 'system'],
    ['torch', 'load'],
    ['torch.storage', '_load_from_bytes'],
    ['__torchvision__', 'Net'],
    ['torch', '__proto__'],
  ])('where it asks for %s.%s', async (module, name) => {
    const object = pickle.call(pickle.name(module, name), pickle.text('touch /tmp/never'));
    const reason = `asks for ${module}.${name}; only plain tensors are read`;
    expect(await reasonOf(old(object), 'torch')).toBe(reason);
    expect(await reasonOf(zipFileOf(pickle.file(object), []), 'torchscript')).toBe(reason);
  });

  const loop = Buffer.concat([Buffer.from('}q\x00'), text, Buffer.from('h\x00s')]); // a dictionary that holds itself
  const bomb = (levels: number) => {
    // each dictionary holds the one before twice
    const parts = [Buffer.from('}q\x00')];
    for (let i = 1; i <= levels; i++) {
      parts.push(Buffer.from(`}q${String.fromCharCode(i)}(`, 'latin1'));
      for (const key of ['a', 'b']) parts.push(pickle.text(key), Buffer.from([0x68, i - 1]));
      parts.push(Buffer.from('u'));
    }
    return Buffer.concat(parts);
  };
  const tensorWith = (first: number, shape: readonly number[], steps: readonly number[]) => ({
    name: 'a',
    storage: storage('0', 'f32', [1, 2, 3, 4]),
    shape,
    steps,
    first,
  });

  it.each([
    ['an opcode that loads code', old(Buffer.from('(i__main__\nX\n', 'latin1')), 'opcode 0x69'],
    ['an extension', old(Buffer.from([0x82, 1])), 'opcode 0x82'],
    ['more taken than given', old(Buffer.from('0')), 'takes more than it gave'],
    ['a missing mark', old(Buffer.from('t')), 'without the mark'],
    ['a recall of nothing', old(Buffer.from('h\x05')), 'never kept'],
    ['a text longer than the file', old(Buffer.from('X\xff\xff\xff\xff', 'latin1')), 'breaks off'],
    ['a number of 4 GB', old(Buffer.from([0x8b, 0xff, 0xff, 0xff, 0xff])), 'breaks off'],
    ['a number of 33 bytes', old(Buffer.concat([Buffer.from([0x8a, 33]), Buffer.alloc(33, 1)])), 'more than 32 bytes'],
    ['a dictionary in itself', old(loop), 'without end'],
    ['dictionaries that double thirty times', old(bomb(30)), 'without end'],
    ['a call of a text', old(Buffer.concat([text, Buffer.from(')R')])), 'cannot be called'],
    ['a state for a text', old(Buffer.concat([text, text, Buffer.from('b')])), 'state of what has none'],
    ['a storage of its own', old(pickle.call(pickle.name('torch', 'FloatStorage'), text)), 'makes a storage'],
    ['another kind of pointer', old(Buffer.concat([pickle.tuple(text), Buffer.from('Q')])), 'no storage'],
    ['a tensor beyond its storage', legacyFile([tensorWith(1, [2, 2], [2, 1])]), 'beyond its storage'],
    ['a tensor with steps back', legacyFile([tensorWith(3, [4], [-1])]), 'impossible shape'],
    ['a tensor of 2^62 elements', legacyFile([tensorWith(0, [2 ** 31 - 1, 2 ** 31 - 1], [0, 0])]), 'impossible shape'],
    [
      'a tensor of a hundred dimensions',
      legacyFile([tensorWith(0, Array(100).fill(1), Array(100).fill(0))]),
      'impossible shape',
    ],
    ['the other byte order', legacyFileOf(pickle.none, [], pickle.text, false), 'other byte order'],
    ['something else', Buffer.from('hello'), 'no file of torch.save'],
    ['nothing', Buffer.alloc(0), 'no file of torch.save'],
  ])('for %s', async (_, bytes, reason) => {
    expect(await reasonOf(bytes, 'torch')).toContain(reason);
  });

  it('for a list that Python 2’s dictionaries take again and again', async () => {
    const pair = pickle.list(text, pickle.none);
    const pairs = Buffer.concat([Buffer.from('](', 'latin1'), ...Array(5_000).fill(pair), Buffer.from('eq\x00')]);
    const again = Buffer.concat([pickle.name('collections', 'OrderedDict'), Buffer.from('h\x00\x85R', 'latin1')]);
    expect(await reasonOf(old(Buffer.concat([pairs, ...Array(1_000).fill(again)])), 'torch')).toContain('too many');
  });

  it.each([
    ['no pickle', zip([['a/b', Buffer.from('x')]]), '0 entries data.pkl'],
    [
      'two pickles',
      zip([
        ['a/data.pkl', Buffer.from('N.')],
        ['b/data.pkl', Buffer.from('N.')],
      ]),
      '2 entries data.pkl',
    ],
    ['packed numbers', zipFile(TENSORS, { deflate: /data\/0$/ }), 'compressed'],
    [
      'a name twice',
      zip([
        ['a/data.pkl', Buffer.from('N.')],
        ['a/data.pkl', Buffer.from('N.')],
      ]),
      'twice',
    ],
    ['too few numbers', zipFileOf(zipPickle(), [storage('0', 'f32', [1])]), 'only 4 bytes'],
    ['no numbers', zipFileOf(zipPickle(), []), 'lacks the entry archive/data/0'],
    [
      'a pickle that unpacks to too much',
      zip([['a/data.pkl', Buffer.alloc(70_000_000)]], { deflate: /pkl/ }),
      'unpacked',
    ],
    ['a broken directory', Buffer.from('PK\x03\x04 and no more', 'latin1'), 'no sound zip archive'],
  ])('for a zip file with %s', async (_, bytes, reason) => {
    expect(await reasonOf(bytes, 'torch')).toContain(reason);
  });

  it.each([
    ['a header of 2^60 bytes', Buffer.from('00000000000000100000', 'hex'), 'header of'],
    ['a header that is no JSON', safetensorsFileOf('{', Buffer.alloc(0)), 'not JSON'],
    ['numbers beyond its end', safetensorsFileOf(entry('F32', [2], [0, 8]), Buffer.alloc(4)), 'beyond the end'],
    ['a size that does not fit', safetensorsFileOf(entry('F32', [2], [0, 4]), Buffer.alloc(8)), '4 bytes for [2] F32'],
    [
      'a negative shape',
      safetensorsFileOf(entry('F32', [-2], [0, 4]), Buffer.alloc(8)),
      'dtype, shape or data_offsets',
    ],
    ['a list', safetensorsFileOf('[]', Buffer.alloc(0)), 'no JSON object'],
  ])('for a safetensors file with %s', async (_, bytes, reason) => {
    expect(await reasonOf(bytes, 'safetensors')).toContain(reason);
  });

  it('wherever it breaks off or a byte was changed: read or refused, never a crash', { timeout: 60_000 }, async () => {
    const files = [
      [legacyFile(TENSORS), 'torch'],
      [zipFile(TENSORS), 'torch'],
      [torchScriptFile(TENSORS), 'torchscript'],
      [safetensorsFile(TENSORS), 'safetensors'],
    ] as const;
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (const [bytes, format] of files) {
      for (let i = 0; i < 60; i++) {
        expect(await reasonOf(bytes.subarray(0, random(bytes.length)), format)).not.toBe('read');
        const changed = Buffer.from(bytes);
        changed[random(bytes.length)] = random(256);
        expect(await reasonOf(changed, format)).toMatch(/./);
      }
    }
  });

  function zipPickle(): Buffer {
    const { storage: weights } = TENSORS[0] as TestTensor;
    const pointed = pickle.tuple(
      pickle.text('storage'),
      pickle.name('torch', 'FloatStorage'),
      pickle.text(weights.key),
      pickle.text('cpu'),
      pickle.int(6),
    );
    const tensor = pickle.call(
      pickle.name('torch._utils', '_rebuild_tensor_v2'),
      Buffer.concat([pointed, Buffer.from('Q')]),
      pickle.int(0),
      pickle.tuple(pickle.int(6)),
      pickle.tuple(pickle.int(1)),
    );
    return pickle.file(pickle.dict([pickle.text('a'), tensor]));
  }

  function entry(dtype: string, shape: readonly number[], offsets: readonly number[]): string {
    return JSON.stringify({ a: { dtype, shape, data_offsets: offsets } });
  }
});

describe('the weights file', () => {
  const layout = (change: object[] = [], sizeBytes = 256) =>
    JSON.stringify({
      sizeBytes,
      tensors: [
        { name: 'bias', source: 'conv.bias', shape: [2], offset: 64, bytes: 8 },
        { name: 'conv.weight', shape: [2, 3], offset: 0, bytes: 24 },
        { name: 'deep.er.scale', shape: [], offset: 128, bytes: 4 },
        ...change,
      ],
    });
  const write = async (text: string) => {
    const parsed = parseWeightsLayout(text);
    if ('fault' in parsed) throw new Error(parsed.fault);
    const target = join(directory, 'weights');
    const signal = new AbortController().signal;
    return opened(legacyFile(TENSORS), 'torch', (checkpoint) =>
      writeWeights({ checkpoint, layout: parsed.layout, target, signal }),
    );
  };

  it('has each tensor at its place as float32, zeros between, and nothing else', async () => {
    const { sha256 } = await write(layout());
    const bytes = await readFile(join(directory, 'weights'));
    const expected = Buffer.alloc(256);
    [1, -2, 3.5, 4, 5, 6].forEach((value, i) => {
      expected.writeFloatLE(value, 4 * i);
    });
    expected.writeFloatLE(1, 64);
    expected.writeFloatLE(-2, 68);
    expected.writeFloatLE(0.1, 128);
    expect(Buffer.compare(bytes, expected)).toBe(0);
    expect(sha256).toBe(createHash('sha256').update(expected).digest('hex'));
  });

  it.each([
    ['is missing', { name: 'fc.weight', shape: [1] }, 'has no tensor fc.weight'],
    [
      'has another shape',
      { name: 'x', source: 'conv.weight', shape: [3, 2] },
      'conv.weight in the shape [2, 3], not [3, 2]',
    ],
    ['is of whole numbers', { name: 'count', shape: [1] }, 'count as int64'],
  ])('is not written where a tensor %s, which is named', async (_, tensor, reason) => {
    const bytes = 4 * tensor.shape.reduce((product, size) => product * size, 1);
    await expect(write(layout([{ offset: 192, bytes, ...tensor }]))).rejects.toThrow(reason);
    expect(await readdir(directory)).toEqual(['checkpoint']);
  });

  it.each([
    ['two tensors at one place', layout([{ name: 'x', shape: [1], offset: 128, bytes: 4 }]), 'lies upon'],
    ['a crooked place', layout([{ name: 'x', shape: [1], offset: 132, bytes: 4 }]), 'not a multiple of 64'],
    ['a wrong size', layout([{ name: 'x', shape: [2], offset: 192, bytes: 4 }]), '4 bytes for [2] float32'],
    ['an end before its tensors', layout([], 128), 'its sizeBytes is 128'],
    ['no tensors', '{"sizeBytes":0,"tensors":[]}', '/tensors'],
    ['no JSON', 'tensors', 'is not JSON'],
  ])('needs a sound tensors.json: %s', (_, text, fault) => {
    expect(parseWeightsLayout(text)).toEqual({ fault: expect.stringContaining(fault) });
  });

  it('is written of pieces, so that memory does not grow with it: a tensor of many pieces comes whole', async () => {
    const values = Float32Array.from({ length: 700_001 }, (_, i) => Math.sin(i));
    const large: TestTensor = {
      name: 'large',
      storage: { key: '0', dtype: 'f32', bytes: Buffer.from(values.buffer) },
      shape: [values.length],
    };
    const turned: TestTensor = { ...large, name: 'turned', shape: [700, 1_000], steps: [1, 700] };
    const found = await valuesOf(legacyFile([large, turned]), 'torch');
    expect(found.large?.every((value, i) => value === values[i])).toBe(true);
    expect(found.turned?.every((value, i) => value === values[(i % 1_000) * 700 + Math.floor(i / 1_000)])).toBe(true);
    await opened(legacyFile([large]), 'torch', async ({ source, tensors }) => {
      const read = vi.spyOn(source, 'read');
      for await (const piece of tensorFloats(source, tensors.get('large') as StoredTensor)) {
        expect(piece.byteLength).toBeLessThanOrEqual(2 ** 20);
      }
      expect(read.mock.calls.map(([, length]) => length)).toEqual([2 ** 20, 2 ** 20, 4 * 700_001 - 2 ** 21]);
    });
  });
});
