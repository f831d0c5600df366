import { join, resolve } from 'node:path';
import { systemClock } from '../platform/clock.ts';
import { problem } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { startRtspServer } from '../scene/rtsp-server.ts';
import { writeDataset } from '../scene/write-dataset.ts';
import { type Command, type CommandInput, operand, wholeOption } from './command.ts';
import { recordDemoScene } from './demo-scene-files.ts';
import { EXIT_CODES } from './exit-codes.ts';

export const sceneCommand: Command = {
  name: 'scene',
  summary:
    'A generated street with walkers, shadows and scripted anomalies, for trying things out without a camera.\n\n' +
    '  write FOLDER    recordings with ground truth, as a dataset for "vedette eval"\n' +
    '  serve FOLDER    a live RTSP camera at rtsp://127.0.0.1:PORT/street, with an anomaly now and then;\n' +
    '                  FOLDER/normal.mp4 is a recording to learn from',
  usage: 'write|serve FOLDER',
  options: {
    seed: { type: 'string', help: 'another number, another street (default 7)' },
    minutes: { type: 'string', help: 'write: minutes of normal life to learn from (default 10)' },
    port: { type: 'string', help: 'serve: TCP port (default 8554)' },
    'anomaly-every': { type: 'string', help: 'serve: seconds between anomalies (default 90; 0: none)' },
  },
  examples: ['vedette scene write street --seed 7', 'vedette scene serve street'],
  async run(input) {
    const action = operand(input, 0, 'what to do (write, serve)', 'scene');
    const folder = resolve(operand(input, 1, 'the folder', 'scene'));
    if (action === 'write') return write(input, folder);
    if (action === 'serve') return serve(input, folder);
    throw problem('VDT_USAGE', { reason: `there is no "scene ${action}"` }, { hint: 'One of: write, serve.' });
  },
};

async function write(input: CommandInput, folder: string): Promise<number> {
  const { terminal } = input;
  const config = loadConfig(input.values.config, process.env);
  const { file, dataset } = await writeDataset({
    folder,
    seed: wholeOption(input, 'seed', 7),
    normalRecordings: wholeOption(input, 'minutes', 10, { least: 1 }),
    normalSeconds: 60,
    ffmpegPath: config.ingest.ffmpegPath,
    signal: input.signal,
    onProgress: ({ file: name, frame, frames }) => terminal.progress(`${name}: frame ${frame} of ${frames}`),
  });
  terminal.progressDone();
  terminal.print(`written: ${file}`);
  terminal.result({ file, cameras: dataset.cameras.length });
  return EXIT_CODES.ok.code;
}

async function serve(input: CommandInput, folder: string): Promise<number> {
  const { terminal, signal } = input;
  const config = loadConfig(input.values.config, process.env);
  const files = await recordDemoScene({
    folder,
    seed: wholeOption(input, 'seed', 7),
    ffmpegPath: config.ingest.ffmpegPath,
    terminal,
    signal,
  });
  const server = await startRtspServer({
    mounts: { '/street': files.quiet },
    clips: { anomaly: files.live },
    port: wholeOption(input, 'port', 8554),
  });
  try {
    terminal.print(`live at ${server.url}\nto learn from: ${join(folder, 'normal.mp4')}\nCtrl-C ends it`);
    terminal.result({ url: server.url, normal: files.normal });
    const everyMs = wholeOption(input, 'anomaly-every', 90) * 1_000;
    while (!signal.aborted) {
      await systemClock.sleep(everyMs > 0 ? everyMs : 3_600_000, signal);
      if (signal.aborted || everyMs === 0) continue;
      await server.play('anomaly');
      terminal.note(`an anomaly begins in ${files.anomalySecond} s`);
    }
    return EXIT_CODES.ok.code;
  } finally {
    await server.stop();
  }
}
