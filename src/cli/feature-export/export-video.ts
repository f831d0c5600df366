import { frameLabels } from '../../eval/frame-labels.ts';
import type { LivePath } from '../../eval/live-path.ts';
import { mapInOrder } from '../../eval/ordered-pipeline.ts';
import { scoreFrames, type TimedScore } from '../../eval/segments-to-frames.ts';
import { problem } from '../../platform/errors.ts';
import type { ExportedVideo } from './exported-video.ts';
import type { FeatureFolder } from './feature-folder.ts';
import { NpyWriter } from './npy-writer.ts';

/** Segments between decoder and writer at a time. */
const LOOKAHEAD = 8;
/** Wall time at which each recording begins: fixed, so that two runs give the same. */
const EPOCH = Date.UTC(2024, 0, 1);

export interface ExportVideoOptions {
  readonly video: ExportedVideo;
  /** Place in the dataset; every recording is a camera of its own. */
  readonly index: number;
  readonly path: Pick<LivePath, 'openRecording' | 'frameTimes' | 'extract'>;
  readonly packId: string;
  readonly folder: FeatureFolder;
  readonly signal: AbortSignal;
  readonly onSnippet: () => void;
}

/**
 * Writes what the extractor makes of each segment of a recording; returns how many there are. The file gets its name when it is whole.
 * Throws VDT_RECORDING_UNREADABLE, VDT_FEATURES_NONE for one that is shorter than a segment or at which the pack did not look.
 */
export async function exportVideo(options: ExportVideoOptions): Promise<number> {
  const { video, path, packId, folder, signal, onSnippet } = options;
  const writer = await NpyWriter.create(folder.path(video.name));
  const segments: TimedScore[] = [];
  try {
    const recording = path.openRecording({ file: video.file, cameraId: `video-${options.index}`, epoch: EPOCH });
    const observed = mapInOrder(recording, LOOKAHEAD, async (segment) => ({
      times: segment.mediaTimesSeconds,
      embedding: (await path.extract(segment)).learned?.embeddings[packId],
    }));
    for await (const { times, embedding } of observed) {
      signal.throwIfAborted();
      if (!embedding) throw none(video, `${packId} did not look at segment ${writer.rows}`);
      segments.push({ startSeconds: times[0] ?? 0, endSeconds: times.at(-1) ?? 0, score: writer.rows });
      await writer.append(embedding);
      onSnippet();
    }
    if (writer.rows === 0) throw none(video, 'it is shorter than one segment');
    // the truth goes first: a finished .npy is taken to be done with
    if (video.anomalous) {
      const seconds = await path.frameTimes(video.file);
      await folder.writeTruth(video.name, snippetTruth(seconds, segments, video.anomalous));
    }
    await writer.finish();
    return writer.rows;
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

function none({ file }: ExportedVideo, reason: string) {
  return problem('VDT_FEATURES_NONE', { file, reason });
}

/**
 * 1 for each segment in which at least one native frame is abnormal, by the rule that gives frames their scores.
 * @param segments in order, `score` being their index
 */
export function snippetTruth(
  frameSeconds: readonly number[],
  segments: readonly TimedScore[],
  anomalous: readonly (readonly [number, number])[],
): Uint8Array {
  const truth = new Uint8Array(segments.length);
  const labels = frameLabels(frameSeconds.length, anomalous);
  const segmentOf = scoreFrames(frameSeconds, segments);
  for (const [frame, label] of labels.entries()) if (label === 1) truth[segmentOf[frame] ?? 0] = 1;
  return truth;
}
