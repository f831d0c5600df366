import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import protobuf from 'protobufjs';

const ONNX = `
syntax = "proto3";
message Model { int64 ir_version = 1; string producer_name = 2; Graph graph = 7; repeated Opset opset_import = 8; }
message Opset { string domain = 1; int64 version = 2; }
message Graph { repeated Node node = 1; string name = 2; repeated Value input = 11; repeated Value output = 12; }
message Node { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5; }
message Attribute { string name = 1; int64 i = 3; repeated int64 ints = 8 [packed = false]; int32 type = 20; }
message Value { string name = 1; Type type = 2; }
message Type { Tensor tensor_type = 1; }
message Tensor { int32 elem_type = 1; Shape shape = 2; }
message Shape { repeated Dimension dim = 1; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
`;
const FLOAT = 1;
const UINT8 = 2;

export interface TinyModel {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  /** Default: free. */
  readonly batch?: number;
  readonly type?: 'uint8' | 'float32';
}

/** An ONNX graph `frames` [N, T, H, W] -> `features` [N, H, W, 1]: the mean over the frames of each pixel. */
export function tinyOnnx({ frames, height, width, batch, type = 'uint8' }: TinyModel): Uint8Array {
  const batchDim = batch === undefined ? { dim_param: 'batch' } : { dim_value: batch };
  const value = (name: string, elemType: number, dims: readonly number[]) => ({
    name,
    type: {
      tensor_type: { elem_type: elemType, shape: { dim: [batchDim, ...dims.map((size) => ({ dim_value: size }))] } },
    },
  });
  const attribute = (name: string, given: { i?: number; ints?: number[] }) => ({
    name,
    ...given,
    type: given.ints ? 7 : 2,
  });
  const model = {
    ir_version: 7,
    producer_name: 'vedette-test',
    opset_import: [{ domain: '', version: 12 }],
    graph: {
      name: 'mean',
      node: [
        { input: ['frames'], output: ['float'], op_type: 'Cast', attribute: [attribute('to', { i: FLOAT })] },
        {
          input: ['float'],
          output: ['mean'],
          op_type: 'ReduceMean',
          attribute: [attribute('axes', { ints: [1] }), attribute('keepdims', { i: 0 })],
        },
        { input: ['mean'], output: ['features'], op_type: 'Unsqueeze', attribute: [attribute('axes', { ints: [3] })] },
      ],
      input: [value('frames', type === 'uint8' ? UINT8 : FLOAT, [frames, height, width])],
      output: [value('features', FLOAT, [height, width, 1])],
    },
  };
  const Model = protobuf.parse(ONNX, { keepCase: true }).root.lookupType('Model');
  return Model.encode(Model.fromObject(model)).finish();
}

/** Writes a pack `id` around the tiny model into `directory`; `change` alters its manifest. */
export async function writeTinyPack(
  directory: string,
  id: string,
  model: TinyModel = { frames: 2, height: 4, width: 4 },
  change: (manifest: Record<string, unknown>) => Record<string, unknown> = (manifest) => manifest,
): Promise<void> {
  const bytes = tinyOnnx(model);
  const folder = join(directory, id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'mean.onnx'), bytes);
  const manifest = {
    id,
    version: '1.0.0',
    kind: 'extractor',
    task: 'test',
    licence: 'Apache-2.0',
    files: [
      { path: 'mean.onnx', sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.byteLength },
    ],
    input: {
      name: 'frames',
      framesPerSecond: 2,
      frames: model.frames,
      height: model.height,
      width: model.width,
      channels: 1,
      layout: 'NTHW',
      type: model.type ?? 'uint8',
    },
    output: { name: 'features', dims: [model.height, model.width, 1], meaning: 'Mean brightness of each pixel' },
  };
  await writeFile(join(folder, 'pack.json'), JSON.stringify(change(manifest)));
}
