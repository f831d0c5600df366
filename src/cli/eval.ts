import { evaluate } from '../eval/driver.ts';
import { frameDifferenceScorer } from '../eval/frame-difference.ts';
import type { LivePath } from '../eval/live-path.ts';
import { loadDataset } from '../eval/load-input.ts';
import { openCameraModel } from '../infer/camera-model.ts';
import { type PackManifest, samplingOf, segmentSecondsOf } from '../infer/packs/pack-manifest.ts';
import { frameTimes, readSegments } from '../ingest/recording-reader.ts';
import { systemSpawn } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config-schema.ts';
import { problem } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { createLogger } from '../platform/logger.ts';
import { type Command, operand } from './command.ts';
import { incidentSettings, requiredSegments } from './detection-settings.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openExtraction } from './extraction.ts';
import { figures } from './metrics.ts';
import { table } from './terminal.ts';

export const evalCommand: Command = {
  name: 'eval',
  summary: 'Runs a dataset through the live code path, as fast as it can, and prints the detection figures.',
  usage: 'FILE.json',
  options: {
    pack: { type: 'string', multiple: true, help: 'pack to use (may be given again; default: what a new camera gets)' },
  },
  examples: [
    'vedette eval dataset.json --json',
    'vedette scene write street --seed 7 && vedette eval street/dataset.json',
  ],
  async run(input) {
    const { terminal } = input;
    const config = loadConfig(input.values.config, process.env);
    const file = operand(input, 0, 'the dataset file', 'eval');
    const dataset = await loadDataset(file);
    const packIds = input.lists.pack ?? config.packs.default;
    if (packIds.length !== 1) {
      throw problem('VDT_USAGE', { reason: 'one pack at a time can be evaluated' }, { hint: 'Give --pack once.' });
    }
    const extraction = await openExtraction({ config, packIds, logger: createLogger({ level: 'error' }) });
    try {
      const [pack] = extraction.packs;
      if (!pack) throw problem('VDT_USAGE', { reason: 'no pack is given' });
      const report = await evaluate(dataset, {
        file,
        clock: systemClock,
        path: livePath(config, pack.manifest, (segment) => extraction.extractor.extract([pack.manifest.id], segment)),
        onProgress: ({ done, total, phase, framesPerSecond }) =>
          terminal.progress(`${phase}: ${done} of ${total} recordings, ${Math.round(framesPerSecond)} frames a second`),
      });
      terminal.progressDone();
      terminal.print(table(['FIGURE', 'VALUE'], figures(report)));
      terminal.result(report);
      return EXIT_CODES.ok.code;
    } finally {
      await extraction.close();
    }
  },
};

/** The parts of a live camera, put together for recordings. */
export function livePath(config: Config, manifest: PackManifest, extract: LivePath['extract']): LivePath {
  const segmentSeconds = segmentSecondsOf(manifest);
  const shared = { ffmpegPath: config.ingest.ffmpegPath, spawn: systemSpawn, clock: systemClock };
  return {
    packs: [{ id: manifest.id, version: manifest.version }],
    openRecording: (recording) => readSegments({ ...recording, ...shared, sampling: samplingOf(manifest) }),
    frameTimes: (file) =>
      frameTimes(file, { ffprobePath: config.ingest.ffprobePath, spawn: systemSpawn, clock: systemClock }),
    extract,
    openCamera: (cameraId, learnsFrom) =>
      openCameraModel(
        {
          cameraId,
          requiredSegments:
            learnsFrom === 'live' ? requiredSegments(config.learning.minutes, segmentSeconds) : Number.MAX_SAFE_INTEGER,
          alertBudgetPerDay: config.alertBudgetPerDay,
          segmentSeconds,
          incident: incidentSettings(config),
          learnInline: true,
        },
        { state: null, runtime: null },
      ),
    clipScorer: frameDifferenceScorer,
  };
}
