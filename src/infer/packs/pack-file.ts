import { type Static, Type } from 'typebox';

const strict = { additionalProperties: false } as const;
const sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const gitBlob = Type.String({ pattern: '^[0-9a-f]{40}$', description: 'Id that git gives these bytes.' });
const format = Type.Union([Type.Literal('torch'), Type.Literal('torchscript'), Type.Literal('safetensors')], {
  description: 'torch: a PyTorch file of either format, holding a state dict.',
});
const source = Type.String({ minLength: 1, description: 'A URL that "vedette models pull" reads.' });

const madeFromSchema = Type.Object(
  {
    source,
    sha256: Type.Optional(sha256),
    gitBlob: Type.Optional(gitBlob),
    sizeBytes: Type.Optional(Type.Integer({ minimum: 1 })),
    format,
    tensors: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      description: 'File of the pack that tells which tensor lies where.',
    }),
    alternatives: Type.Optional(
      Type.Array(
        Type.Object(
          {
            source,
            sha256: Type.Optional(sha256),
            gitBlob: Type.Optional(gitBlob),
            sizeBytes: Type.Optional(Type.Integer({ minimum: 1 })),
            format,
          },
          strict,
        ),
        { description: 'Other checkpoints that hold the same tensors.' },
      ),
    ),
  },
  { ...strict, description: 'The file is written on this machine, out of a published checkpoint.' },
);

export const packFileSchema = Type.Object(
  {
    path: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', description: 'Name in the pack’s folder.' }),
    sha256: Type.Optional(sha256),
    sizeBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    source: Type.Optional(
      Type.String({ description: 'Where it comes from: a URL that "vedette models pull" reads, or how it was made.' }),
    ),
    alternatives: Type.Optional(
      Type.Array(
        Type.Object(
          {
            sha256,
            sizeBytes: Type.Optional(Type.Integer({ minimum: 0 })),
            source: Type.Optional(Type.String()),
          },
          strict,
        ),
        { description: 'Other files that do as well: the same network, exported another time.' },
      ),
    ),
    madeFrom: Type.Optional(madeFromSchema),
  },
  strict,
);

/** A file of a pack: it comes as it is (`sha256`), or is made out of a published checkpoint (`madeFrom`). */
export type PackFile = Static<typeof packFileSchema>;
export type MadeFrom = Static<typeof madeFromSchema>;

/** What is wrong with a pack's list of files, beyond the schema; null where nothing is. */
export function faultOfFiles(files: readonly PackFile[]): { readonly field: string; readonly reason: string } | null {
  const paths = new Set<string>();
  for (const { path, sha256: hash, sizeBytes, source: from, alternatives, madeFrom } of files) {
    const fault = (reason: string) => ({ field: `files.${path}`, reason });
    if (paths.has(path)) return fault('is named twice');
    paths.add(path);
    if (!madeFrom) {
      if (hash === undefined) return fault('needs sha256, or madeFrom');
      continue;
    }
    if (hash !== undefined || from !== undefined || alternatives) {
      return fault('is made from a checkpoint: sha256, source and alternatives are of that');
    }
    if (sizeBytes === undefined) return fault('needs sizeBytes');
    if (!files.some((file) => file.path === madeFrom.tensors && file.sha256 !== undefined)) {
      return fault(`needs the file ${madeFrom.tensors} in the pack`);
    }
    for (const checkpoint of [madeFrom, ...(madeFrom.alternatives ?? [])]) {
      if ((checkpoint.sha256 === undefined) === (checkpoint.gitBlob === undefined)) {
        return fault('needs either sha256 or gitBlob for each checkpoint');
      }
    }
  }
  return files.some(({ path }) => path.endsWith('.onnx')) ? null : { field: 'files', reason: 'names no .onnx file' };
}
