import { encodeModel } from './schema.ts';

/** A tensor inside the graph that is being built: only its name. */
export type Value = string & { readonly __value: unique symbol };

/** Opset 17 and IR 8 are understood by every ONNX Runtime since 1.12. */
const OPSET = 17;
const IR_VERSION = 8;
const ELEMENT_TYPES = { float: 1, uint8: 2, int64: 7 } as const;
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** ONNX attributes: whole numbers become `int`, `{ float }` a float, text a string, lists of whole numbers `ints`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

function encodeAttribute(name: string, value: Attribute): Record<string, unknown> {
  if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE_TYPES.int };
  if (typeof value === 'string') return { name, s: Buffer.from(value, 'utf8'), type: ATTRIBUTE_TYPES.string };
  if ('float' in value) return { name, f: value.float, type: ATTRIBUTE_TYPES.float };
  return { name, ints: value, type: ATTRIBUTE_TYPES.ints };
}

/** Collects nodes and constants in call order, so that one program always gives one file. */
export class GraphBuilder {
  readonly #nodes: Record<string, unknown>[] = [];
  readonly #initializers: Record<string, unknown>[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #inputs: Record<string, unknown>[] = [];
  readonly #outputs: Record<string, unknown>[] = [];

  input(name: string, type: keyof typeof ELEMENT_TYPES, dims: readonly (number | string)[]): Value {
    this.#inputs.push(valueInfo(name, type, dims));
    return name as Value;
  }

  /** Gives `value` the public name `name`. */
  output(value: Value, name: string, type: keyof typeof ELEMENT_TYPES, dims: readonly (number | string)[]): void {
    this.#nodes.push({ input: [value], output: [name], name, opType: 'Identity' });
    this.#outputs.push(valueInfo(name, type, dims));
  }

  node(opType: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const [value] = this.nodes(opType, inputs, 1, attributes);
    return value as Value;
  }

  /** A node with several results. */
  nodes(
    opType: string,
    inputs: readonly Value[],
    outputs: number,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly Value[] {
    const name = `n${this.#nodes.length}_${opType}`;
    const output = Array.from({ length: outputs }, (_, index) => (index === 0 ? name : `${name}_${index}`));
    this.#nodes.push({
      input: inputs,
      output,
      name,
      opType,
      attribute: Object.entries(attributes).map(([key, value]) => encodeAttribute(key, value)),
    });
    return output as readonly string[] as readonly Value[];
  }

  /** A float constant; a scalar when `dims` is empty. */
  floats(data: readonly number[], dims: readonly number[] = []): Value {
    return this.#constant('float', dims, data, Buffer.from(new Float32Array(data).buffer));
  }

  integers(data: readonly number[]): Value {
    return this.#constant('int64', [data.length], data, Buffer.from(new BigInt64Array(data.map(BigInt)).buffer));
  }

  encode(graphName: string, producerVersion: string, docString: string): Uint8Array {
    return encodeModel({
      irVersion: IR_VERSION,
      producerName: 'vedette',
      producerVersion,
      docString,
      graph: {
        name: graphName,
        node: this.#nodes,
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      },
      opsetImport: [{ domain: '', version: OPSET }],
    });
  }

  #constant(
    type: keyof typeof ELEMENT_TYPES,
    dims: readonly number[],
    data: readonly number[],
    rawData: Buffer,
  ): Value {
    const key = `${type}|${dims.join(',')}|${data.join(',')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `c${this.#constants.size}` as Value;
    this.#initializers.push({ dims, dataType: ELEMENT_TYPES[type], name, rawData });
    this.#constants.set(key, name);
    return name;
  }
}

function valueInfo(
  name: string,
  type: keyof typeof ELEMENT_TYPES,
  dims: readonly (number | string)[],
): Record<string, unknown> {
  const dim = dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPES[type], shape: { dim } } } };
}
