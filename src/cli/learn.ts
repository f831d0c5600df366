import { existsSync } from 'node:fs';
import { sensesOf } from '../infer/camera-senses.ts';
import { segmentSecondsOf } from '../infer/packs/picture-manifest.ts';
import { readSegments } from '../ingest/recording-reader.ts';
import { systemSpawn } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config-schema.ts';
import { problem } from '../platform/errors.ts';
import { createLogger } from '../platform/logger.ts';
import { CameraScorer } from '../score/camera-scorer.ts';
import { headsFor } from '../score/heads.ts';
import type { Control } from './control.ts';
import { openExtraction } from './extraction.ts';
import type { Terminal } from './terminal.ts';

interface LearnOptions {
  readonly cameraId: string;
  readonly files: readonly string[];
  readonly config: Config;
  readonly control: Control;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

export interface LearnResult {
  readonly camera: string;
  readonly recordings: number;
  readonly segments: number;
  /** Seconds of video. */
  readonly seconds: number;
  readonly packs: readonly string[];
}

/**
 * Learns a camera's normal from recordings at full speed, through the decoder, sampler, segmenter, pack and head of a
 * live camera, and hands the finished state over (decision 0008). Nothing changes if any recording fails.
 */
export async function learnFromFiles(options: LearnOptions): Promise<LearnResult> {
  const { cameraId, files, config, control, terminal, signal } = options;
  for (const file of files) {
    if (!existsSync(file)) throw problem('VDT_RECORDING_UNREADABLE', { file, reason: 'it does not exist' });
  }
  const camera = await control.request<{ settings: { packs: string[] } }>(
    'GET',
    `/v1/cameras/${encodeURIComponent(cameraId)}`,
  );
  const extraction = await openExtraction({
    config,
    packIds: camera.settings.packs,
    logger: createLogger({ level: 'error' }),
  });
  try {
    const { plan, extract } = extraction;
    const scorer = new CameraScorer({
      requiredSegments: Number.MAX_SAFE_INTEGER,
      heads: headsFor(sensesOf(plan)),
    });
    let segments = 0;
    const secondsOf = (count: number) => count * segmentSecondsOf(plan.base);
    for (const [index, file] of files.entries()) {
      const recording = readSegments({
        file,
        cameraId,
        epoch: index + 1,
        sampling: plan.sampling,
        ffmpegPath: config.ingest.ffmpegPath,
        spawn: systemSpawn,
        clock: systemClock,
        signal,
      });
      for await (const segment of recording) {
        signal.throwIfAborted();
        scorer.observe(await extract(segment));
        segments += 1;
        terminal.progress(
          `learning ${plan.key}: recording ${index + 1} of ${files.length}, ${Math.round(secondsOf(segments))} s of video`,
        );
      }
      scorer.endRecording();
    }
    scorer.finishLearning();
    await control.request(
      'PUT',
      `/v1/cameras/${encodeURIComponent(cameraId)}/learning/state/${encodeURIComponent(plan.key)}?segments=${segments}`,
      scorer.serialize(),
    );
    return { camera: cameraId, recordings: files.length, segments, seconds: secondsOf(segments), packs: plan.ids };
  } finally {
    terminal.progressDone();
    await extraction.close();
  }
}
