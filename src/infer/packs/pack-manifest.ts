import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { problem } from '../../platform/errors.ts';
import { checkHead, type HeadManifest, headManifestSchema } from './head-manifest.ts';
import { faultOfFiles } from './pack-file.ts';
import { checkPicture, type PictureManifest, pictureManifestSchema } from './picture-manifest.ts';

/** `models/<id>/pack.json`: what a model is, where it comes from, what goes in and what comes out. */
export const packManifestSchema = Type.Union([pictureManifestSchema, headManifestSchema]);

export type PackManifest = PictureManifest | HeadManifest;

/** Checks the text of a pack.json found in the folder `folder`. Throws VDT_PACK_INVALID with the field and the reason. */
export function parsePackManifest(folder: string, text: string): PackManifest {
  const refuse = (field: string, reason: string) => problem('VDT_PACK_INVALID', { pack: folder, field, reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('pack.json', 'is not JSON');
  }
  const manifest = isHead(value)
    ? checked(headManifestSchema, value, refuse)
    : checked(pictureManifestSchema, value, refuse);
  if (manifest.id !== folder) throw refuse('id', `is ${manifest.id}, but the folder is called ${folder}`);
  const fault = faultOfFiles(manifest.files);
  if (fault) throw refuse(fault.field, fault.reason);
  if (manifest.kind === 'head') checkHead(manifest, refuse);
  else checkPicture(manifest, refuse);
  return manifest;
}

/** The manifest of a pack that looks at pictures. Throws VDT_PACK_INVALID for a head. */
export function pictureManifestOf(manifest: PackManifest): PictureManifest {
  if (manifest.kind !== 'head') return manifest;
  throw problem('VDT_PACK_INVALID', { pack: manifest.id, field: 'kind', reason: 'is head: it looks at no pictures' });
}

type Refuse = (field: string, reason: string) => Error;

/** The kind decides which schema speaks, so that its complaints are about the right fields. */
function isHead(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'head';
}

function checked<Schema extends typeof pictureManifestSchema | typeof headManifestSchema>(
  schema: Schema,
  value: unknown,
  refuse: Refuse,
): Static<Schema> {
  if (Value.Check(schema, value)) return value;
  const first = Value.Errors(schema, value)[0];
  const params = JSON.stringify(first?.params ?? {});
  throw refuse(fieldName(first?.instancePath), `${first?.message ?? 'is not as it should be'} ${params}`);
}

function fieldName(pointer: string | undefined): string {
  return (pointer ?? '').slice(1).replaceAll('/', '.') || 'pack.json';
}
