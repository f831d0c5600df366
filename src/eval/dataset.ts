import { dirname, resolve } from 'node:path';
import { problem, type VedetteError } from '../platform/errors.ts';
import {
  type FrameRange,
  nameOf,
  parseJson,
  type Refuse,
  readList,
  readObject,
  readRanges,
  readText,
} from './field-reader.ts';

/** A recording to be scored, with its truth. */
export interface TestVideo {
  /** Absolute path. */
  readonly file: string;
  /** The path as the dataset gives it. */
  readonly name: string;
  readonly anomalous: readonly FrameRange[];
  /** Where it stands in the dataset, for messages. */
  readonly field: string;
}

export interface SceneCamera {
  readonly id: string;
  /** Absolute paths of recordings of normal life; may be empty, then the camera learns while it is watched. */
  readonly normal: readonly string[];
  readonly test: readonly TestVideo[];
  /** Where it stands in the dataset, for messages. */
  readonly field: string;
}

/** Fixed cameras with frame-wise truth. */
export interface SceneDataset {
  readonly kind: 'scene';
  readonly name: string;
  readonly cameras: readonly SceneCamera[];
}

export interface LabelledClip {
  readonly file: string;
  readonly name: string;
  /** Any label but `normal` is anomalous. */
  readonly label: string;
  /** The clip's source; splits and intervals go by it. */
  readonly group: string | null;
}

/** Short clips from many places with one label each. */
export interface ClipsDataset {
  readonly kind: 'clips';
  readonly name: string;
  readonly clips: readonly LabelledClip[];
}

export type Dataset = SceneDataset | ClipsDataset;

export const NORMAL_LABEL = 'normal';
const CAMERA_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

export interface DatasetOptions {
  /** Path of the dataset file: its folder is where relative paths begin, its name stands in messages. */
  readonly file: string;
  /** Whether a video is there. */
  readonly exists: (path: string) => boolean;
}

/**
 * Reads a dataset file of either kind. Unknown keys are let be. Camera ids are brought to the service's form
 * (lower case, digits, hyphens), since they go through the live path.
 * @throws VDT_DATASET_INVALID naming field, reason and remedy; VDT_DATASET_VIDEO_MISSING naming the video
 */
export function parseDataset(text: string, { file, exists }: DatasetOptions): Dataset {
  const refuse: Refuse = (field, reason, remedy) =>
    problem('VDT_DATASET_INVALID', { file, field, reason }, { hint: remedy });
  const folder = dirname(file);
  const locate = (value: unknown, field: string): { readonly file: string; readonly name: string } => {
    const name = readText(value, field, refuse);
    const path = resolve(folder, name);
    if (!exists(path)) throw missing(file, field, path);
    return { file: path, name };
  };
  const root = readObject(parseJson(text, refuse), 'the file', refuse);
  const name = readText(root.name, 'name', refuse);
  if (root.kind === 'scene') {
    const cameras = readList(root.cameras, 'cameras', refuse).map((value, index) =>
      readCamera(value, `cameras[${index}]`, refuse, locate),
    );
    if (cameras.length === 0) throw refuse('cameras', 'is empty', 'Give at least one camera.');
    refuseTwice(
      cameras.map((camera) => camera.id),
      (index) => `cameras[${index}].id`,
      refuse,
    );
    return { kind: 'scene', name, cameras };
  }
  if (root.kind === 'clips') {
    const clips = readList(root.clips, 'clips', refuse).map((value, index) => {
      const field = `clips[${index}]`;
      const fields = readObject(value, field, refuse);
      return {
        ...locate(fields.file, `${field}.file`),
        label: readText(fields.label, `${field}.label`, refuse),
        group: fields.group === undefined ? null : readText(fields.group, `${field}.group`, refuse),
      };
    });
    if (clips.length === 0) throw refuse('clips', 'is empty', 'Give at least one clip.');
    return { kind: 'clips', name, clips };
  }
  throw refuse(
    'kind',
    `must be "scene" or "clips", not ${nameOf(root.kind)}`,
    'Write "kind":"scene" or "kind":"clips".',
  );
}

type Locate = (value: unknown, field: string) => { readonly file: string; readonly name: string };

function readCamera(value: unknown, field: string, refuse: Refuse, locate: Locate): SceneCamera {
  const fields = readObject(value, field, refuse);
  const given = readText(fields.id, `${field}.id`, refuse);
  const id = given.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  if (!CAMERA_ID.test(id))
    throw refuse(
      `${field}.id`,
      `must begin with a letter or digit, not ${nameOf(given)}`,
      'Use at most 63 of a-z, 0-9, -.',
    );
  const normal = readList(fields.normal ?? [], `${field}.normal`, refuse).map(
    (path, index) => locate(path, `${field}.normal[${index}]`).file,
  );
  const test = readList(fields.test, `${field}.test`, refuse).map((item, index) => {
    const at = `${field}.test[${index}]`;
    const video = readObject(item, at, refuse);
    return {
      ...locate(video.file, `${at}.file`),
      anomalous: readRanges(video.anomalous, `${at}.anomalous`, refuse),
      field: at,
    };
  });
  if (test.length === 0) throw refuse(`${field}.test`, 'is empty', 'Give at least one test video for each camera.');
  return { id, normal, test, field };
}

function refuseTwice(values: readonly string[], fieldOf: (index: number) => string, refuse: Refuse): void {
  const seen = new Set<string>();
  values.forEach((value, index) => {
    if (seen.has(value)) throw refuse(fieldOf(index), `${value} appears twice`, 'Give each camera an id of its own.');
    seen.add(value);
  });
}

function missing(file: string, field: string, video: string): VedetteError {
  return problem('VDT_DATASET_VIDEO_MISSING', { file, field, video });
}
