import { basename, dirname, extname, relative } from 'node:path';
import { type Dataset, NORMAL_LABEL } from '../../eval/dataset.ts';
import type { FrameRange } from '../../eval/field-reader.ts';

/** Label of scene recordings in which something is abnormal: their truth says when, nobody says what. */
const ANOMALOUS_LABEL = 'anomalous';

/** One recording to be turned into features, with what the training must know of it. */
export interface ExportedVideo {
  /** Unique; the features are `<name>.npy`. */
  readonly name: string;
  /** Absolute path of the recording. */
  readonly file: string;
  /** The path as the dataset gives it. */
  readonly source: string;
  readonly label: string;
  /** What must stay together in a split. */
  readonly group: string;
  readonly split: 'train' | 'test';
  /** Frames that are abnormal; null where only the label is known. */
  readonly anomalous: readonly FrameRange[] | null;
}

/**
 * The recordings of a dataset. Clips are all of the split `clipSplit`, their groups as given; a scene's normal recordings are for training, each a
 * group of its own, its test recordings for testing, with truth.
 */
export function exportedVideos(
  dataset: Dataset,
  datasetFile: string,
  clipSplit: 'train' | 'test',
): readonly ExportedVideo[] {
  const folder = dirname(datasetFile);
  const videos: Omit<ExportedVideo, 'name'>[] = [];
  if (dataset.kind === 'clips') {
    for (const { file, name, label, group } of dataset.clips)
      videos.push({ file, source: name, label, group: group ?? '', split: clipSplit, anomalous: null });
  } else {
    for (const camera of dataset.cameras) {
      for (const file of camera.normal) {
        const source = relative(folder, file);
        videos.push({ file, source, label: NORMAL_LABEL, group: '', split: 'train', anomalous: null });
      }
      for (const { file, name, anomalous } of camera.test) {
        const label = anomalous.length > 0 ? ANOMALOUS_LABEL : NORMAL_LABEL;
        videos.push({ file, source: name, label, group: '', split: 'test', anomalous });
      }
    }
  }
  const names = uniqueNames(videos.map(({ source }) => source));
  return videos.map((video, index) => {
    const name = names[index] ?? '';
    return { ...video, name, group: video.group || name };
  });
}

/** The file's name without folder and ending; with its folders where two files share one, then numbered. */
export function uniqueNames(sources: readonly string[]): readonly string[] {
  const plain = (text: string) =>
    text
      .replace(/^[./\\]+/, '')
      .replace(/[^A-Za-z0-9._-]+/g, '_')
      .replace(/^[.-]+/, '') || 'video';
  const stem = (source: string) => plain(basename(source, extname(source)));
  const times = new Map<string, number>();
  for (const source of sources) times.set(stem(source), (times.get(stem(source)) ?? 0) + 1);
  const taken = new Set<string>();
  return sources.map((source) => {
    const short = stem(source);
    const wanted = times.get(short) === 1 ? short : plain(source.slice(0, source.length - extname(source).length));
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
    taken.add(name);
    return name;
  });
}
