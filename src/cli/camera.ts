import { problem } from '../platform/errors.ts';
import { loadConfig } from '../platform/load-config.ts';
import { define } from './camera-define.ts';
import { type Command, type CommandInput, operand } from './command.ts';
import type { Control } from './control.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { openControl } from './open-control.ts';
import { table } from './terminal.ts';

interface CameraView {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly status: { readonly state: string; readonly reason: string | null };
  readonly learning: { readonly done: boolean; readonly progress: number };
}

interface TestView {
  readonly ok: boolean;
  readonly failure: { readonly reason: string; readonly message: string; readonly hint: string } | null;
  readonly video: {
    readonly codec: string;
    readonly width: number | null;
    readonly height: number | null;
    readonly framesPerSecond: number | null;
  } | null;
}

const ACTIONS = ['add', 'list', 'remove', 'test', 'learn', 'define', 'enable', 'disable'] as const;

export const cameraCommand: Command = {
  name: 'camera',
  summary:
    'Connects and manages cameras. Goes through the running service, or straight to the database when none runs.\n\n' +
    '  add ID URL          connect a camera (rtsp, rtsps, rtmp, http or https; user:password@ is stored encrypted)\n' +
    '  list                all cameras, their state and learning progress\n' +
    '  remove ID           forget a camera and its scores\n' +
    '  test ID|URL         try the connection and say why it fails\n' +
    '  learn ID FILES...   learn what is normal from recordings, at full speed\n' +
    '  define ID TEXT...   say in plain language what is abnormal here (NAME=TEXT gives it a name); without texts: show it\n' +
    '  enable|disable ID   start or stop watching',
  usage: 'add|list|remove|test|learn|define|enable|disable ...',
  options: {
    name: { type: 'string', help: 'add: what people read' },
    'budget-per-day': { type: 'string', help: 'add: false alerts a day that you accept from this camera' },
    transport: { type: 'string', help: 'add: tcp (default) or udp' },
    pack: {
      type: 'string',
      multiple: true,
      help: 'add: pack that looks at it, again for each (default: packs.default)',
    },
    'learning-minutes': { type: 'string', help: 'add: minutes of normal life to watch before alerts' },
    disabled: { type: 'boolean', help: 'add: do not watch yet' },
    normal: { type: 'string', multiple: true, help: 'define: what is normal here, again for another' },
    clear: { type: 'boolean', help: 'define: forget what was defined' },
    'url-stdin': {
      type: 'boolean',
      help: 'add, test: read the URL from standard input, so that no password stands in the process list',
    },
  },
  examples: [
    'vedette camera add gate rtsp://viewer:secret@192.0.2.10/stream1',
    'vedette camera test gate',
    'vedette camera learn gate monday.mp4 tuesday.mp4',
    'vedette camera define gate "fall=a person lying on the ground" "smoke" --normal "people walking"',
  ],
  async run(input) {
    const action = operand(input, 0, `what to do (${ACTIONS.join(', ')})`, 'camera');
    const run = {
      add,
      list,
      remove,
      test,
      learn,
      define,
      enable: (i: CommandInput, c: Control) => setEnabled(i, c, true),
      disable: (i: CommandInput, c: Control) => setEnabled(i, c, false),
    }[action];
    if (!run)
      throw problem(
        'VDT_USAGE',
        { reason: `there is no "camera ${action}"` },
        { hint: `One of: ${ACTIONS.join(', ')}.` },
      );
    const control = await openControl(loadConfig(input.values.config, process.env), process.env, input.terminal);
    try {
      return await run(input, control);
    } finally {
      await control.close();
    }
  },
};

const pathOf = (id: string) => `/v1/cameras/${encodeURIComponent(id)}`;

async function readUrl(input: CommandInput, index: number): Promise<string> {
  if (!input.flags['url-stdin']) return operand(input, index, 'the URL', 'camera');
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text.trim();
}

function numberOption(input: CommandInput, name: string): number | undefined {
  const text = input.values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw problem('VDT_USAGE', { reason: `--${name} is not a number: ${text}` });
  return value;
}

async function add(input: CommandInput, control: Control): Promise<number> {
  const id = operand(input, 1, 'the camera id', 'camera');
  const url = await readUrl(input, 2);
  const budget = numberOption(input, 'budget-per-day');
  const minutes = numberOption(input, 'learning-minutes');
  const camera = await control.request<CameraView>('POST', '/v1/cameras', {
    id,
    url,
    ...(input.values.name !== undefined && { name: input.values.name }),
    ...(input.flags.disabled && { enabled: false }),
    ...((budget !== undefined ||
      minutes !== undefined ||
      input.values.transport !== undefined ||
      input.lists.pack !== undefined) && {
      settings: {
        ...(input.lists.pack !== undefined && { packs: input.lists.pack }),
        ...(budget !== undefined && { alertBudgetPerDay: budget }),
        ...(minutes !== undefined && { learningMinutes: minutes }),
        ...(input.values.transport !== undefined && { transport: input.values.transport }),
      },
    }),
  });
  input.terminal.print(`camera ${camera.id} added; it learns what is normal first and raises no alerts until then`);
  input.terminal.result(camera);
  return EXIT_CODES.ok.code;
}

async function allCameras(control: Control): Promise<CameraView[]> {
  const cameras: CameraView[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: CameraView[]; nextCursor: string | null } = await control.request(
      'GET',
      `/v1/cameras?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    cameras.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return cameras;
}

async function list(input: CommandInput, control: Control): Promise<number> {
  const cameras = await allCameras(control);
  const rows = cameras.map((camera) => [
    camera.id,
    camera.enabled ? camera.status.state : 'disabled',
    camera.learning.done ? 'watching' : `learning ${Math.floor(camera.learning.progress * 100)} %`,
    camera.name,
    camera.url,
    camera.status.reason ?? '',
  ]);
  input.terminal.print(
    rows.length === 0
      ? 'no cameras yet; vedette camera add ID URL'
      : table(['ID', 'STATE', 'DETECTOR', 'NAME', 'URL', 'REASON'], rows),
  );
  input.terminal.result({ cameras });
  return EXIT_CODES.ok.code;
}

async function remove(input: CommandInput, control: Control): Promise<number> {
  const id = operand(input, 1, 'the camera id', 'camera');
  await control.request('DELETE', pathOf(id));
  input.terminal.print(`camera ${id} removed`);
  input.terminal.result({ removed: id });
  return EXIT_CODES.ok.code;
}

async function setEnabled(input: CommandInput, control: Control, enabled: boolean): Promise<number> {
  const camera = await control.request<CameraView>('PATCH', pathOf(operand(input, 1, 'the camera id', 'camera')), {
    enabled,
  });
  input.terminal.print(`camera ${camera.id} ${enabled ? 'enabled' : 'disabled'}`);
  input.terminal.result(camera);
  return EXIT_CODES.ok.code;
}

async function test(input: CommandInput, control: Control): Promise<number> {
  const target = await readUrl(input, 1);
  input.terminal.progress('trying the connection …');
  const report = target.includes('://')
    ? await control.request<TestView>('POST', '/v1/cameras/test', { url: target })
    : await control.request<TestView>('POST', `${pathOf(target)}/test`, {});
  input.terminal.progressDone();
  const { video, failure } = report;
  if (video && report.ok)
    input.terminal.print(
      `ok: ${video.codec} ${video.width}x${video.height}, ${video.framesPerSecond ?? '?'} frames a second`,
    );
  if (failure) input.terminal.print(`failed (${failure.reason}): ${failure.message}\n  hint: ${failure.hint}`);
  input.terminal.result(report);
  return report.ok ? EXIT_CODES.ok.code : EXIT_CODES.unreachable.code;
}

async function learn(input: CommandInput, control: Control): Promise<number> {
  const id = operand(input, 1, 'the camera id', 'camera');
  const files = input.operands.slice(2);
  if (files.length === 0)
    throw problem('VDT_USAGE', { reason: 'no recording is given' }, { hint: 'vedette camera learn ID FILES…' });
  const { learnFromFiles } = await import('./learn.ts');
  const result = await learnFromFiles({
    cameraId: id,
    files,
    config: loadConfig(input.values.config, process.env),
    control,
    terminal: input.terminal,
    signal: input.signal,
  });
  input.terminal.print(
    `camera ${id} learnt from ${files.length} recording${files.length === 1 ? '' : 's'} (${Math.round(result.seconds)} s of video) and watches now`,
  );
  input.terminal.result(result);
  return EXIT_CODES.ok.code;
}
