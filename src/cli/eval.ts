import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { evaluate } from '../eval/driver.ts';
import { clipScorerOf } from '../eval/head-scorer.ts';
import type { LivePath } from '../eval/live-path.ts';
import { loadDataset } from '../eval/load-input.ts';
import type { EvalEvidence } from '../eval/report/evidence.ts';
import { reportPage } from '../eval/report/report-page.ts';
import { openCameraModel } from '../infer/camera-model.ts';
import { sensesOf } from '../infer/camera-senses.ts';
import type { PackPlan } from '../infer/packs/pack-plan.ts';
import { segmentSecondsOf } from '../infer/packs/picture-manifest.ts';
import { requiredSegments } from '../infer/required-segments.ts';
import { frameTimes, readSegments } from '../ingest/recording-reader.ts';
import { systemSpawn } from '../platform/child-process.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config-schema.ts';
import { loadConfig } from '../platform/load-config.ts';
import { createLogger } from '../platform/logger.ts';
import { type Command, operand } from './command.ts';
import { incidentSettings } from './detection-settings.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openExtraction } from './extraction.ts';
import { defaultPackIds, openPackRegistry } from './installed-packs.ts';
import { figures } from './metrics.ts';
import { table } from './terminal.ts';

export const evalCommand: Command = {
  name: 'eval',
  summary: 'Runs a dataset through the live code path, as fast as it can, and prints the detection figures.',
  usage: 'FILE.json',
  options: {
    pack: {
      type: 'string',
      multiple: true,
      help: 'pack to use: an extractor, a head, and again for each further one; the first head scores clips (default: what a new camera gets)',
    },
    report: { type: 'string', help: 'also write a page with curves, scores over time and tables to this HTML file' },
  },
  examples: [
    'vedette eval dataset.json --json',
    'vedette eval dataset.json --report figures.html',
    'vedette eval fights.json --pack fights --json',
    'vedette scene write street --seed 7 && vedette eval street/dataset.json',
  ],
  async run(input) {
    const { terminal } = input;
    const config = loadConfig(input.values.config, process.env);
    const file = operand(input, 0, 'the dataset file', 'eval');
    const dataset = await loadDataset(file);
    const packIds = input.lists.pack ?? (await defaultPackIds(config, openPackRegistry(config)));
    const extraction = await openExtraction({ config, packIds, logger: createLogger({ level: 'error' }) });
    try {
      const evidence: EvalEvidence[] = [];
      const report = await evaluate(dataset, {
        file,
        clock: systemClock,
        path: livePath(config, extraction.plan, extraction.extract),
        onEvidence: (given) => evidence.push(given),
        onProgress: ({ done, total, phase, framesPerSecond }) =>
          terminal.progress(`${phase}: ${done} of ${total} recordings, ${Math.round(framesPerSecond)} frames a second`),
      });
      terminal.progressDone();
      const reportFile = input.values.report;
      const [drawn] = evidence;
      if (reportFile !== undefined && drawn) {
        const context = { madeMs: systemClock.nowMs(), settings: reportSettings(config, file) };
        await writeFile(reportFile, reportPage(report, drawn, context));
      }
      terminal.print(table(['FIGURE', 'VALUE'], figures(report)));
      terminal.result(report);
      return EXIT_CODES.ok.code;
    } finally {
      await extraction.close();
    }
  },
};

/** What the figures depend on, beside the packs. */
function reportSettings(config: Config, file: string): [string, string][] {
  return [
    ['dataset', basename(file)],
    ['alertBudgetPerDay', String(config.alertBudgetPerDay)],
    ['learning.minutes (where no normal recordings are given)', String(config.learning.minutes)],
    ['incident.quietSeconds', String(config.incident.quietSeconds)],
    ['incident.minimumCertainty', String(config.incident.minimumCertainty)],
  ];
}

/** The parts of a live camera, put together for recordings. */
export function livePath(config: Config, plan: PackPlan, extract: LivePath['extract']): LivePath {
  const segmentSeconds = segmentSecondsOf(plan.base);
  const cascade = config.packs.cascade ? plan.cascade : [];
  const shared = { ffmpegPath: config.ingest.ffmpegPath, spawn: systemSpawn, clock: systemClock };
  return {
    packs: [plan.base, ...(plan.detector ? [plan.detector] : []), ...plan.learned, ...plan.heads].map(
      ({ id, version, trainedOn, measured }) => ({
        id,
        version,
        ...(trainedOn === undefined ? {} : { trainedOn }),
        ...(measured === undefined ? {} : { measured }),
      }),
    ),
    openRecording: (recording) => readSegments({ ...recording, ...shared, sampling: plan.sampling }),
    frameTimes: (file) =>
      frameTimes(file, { ffprobePath: config.ingest.ffprobePath, spawn: systemSpawn, clock: systemClock }),
    extract,
    cascade: cascade.length > 0,
    openCamera: (cameraId, learnsFrom) =>
      openCameraModel(
        {
          cameraId,
          requiredSegments:
            learnsFrom === 'live' ? requiredSegments(config.learning.minutes, segmentSeconds) : Number.MAX_SAFE_INTEGER,
          alertBudgetPerDay: config.alertBudgetPerDay,
          segmentSeconds,
          incident: incidentSettings(config),
          senses: sensesOf(plan),
          cascade,
          learnInline: true,
        },
        { state: null, runtime: null },
      ),
    clipScorer: clipScorerOf(plan.heads),
  };
}
