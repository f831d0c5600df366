import { describe, expect, it } from 'vitest';
import { define, definitionsOf } from '../../../src/cli/camera-define.ts';
import type { CommandInput } from '../../../src/cli/command.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';

const VIEW = {
  pack: 'clip-vit-b16',
  abnormal: [{ name: 'fall', text: 'a person lying', examples: ['somebody fell'] }],
  normal: [],
};

function given(operands: readonly string[], flags: Record<string, boolean> = {}, normal: readonly string[] = []) {
  const requests: unknown[][] = [];
  const lines: string[] = [];
  const terminal: Terminal = {
    json: false,
    print: (line) => void lines.push(line),
    result: () => {},
    note: () => {},
    failure: () => {},
    progress: () => {},
    progressDone: () => {},
  };
  const input: CommandInput = {
    operands: ['define', ...operands],
    flags,
    values: {},
    lists: normal.length > 0 ? { normal } : {},
    terminal,
    signal: new AbortController().signal,
  };
  const control = {
    request: async <Result>(method: string, path: string, body?: unknown) => {
      requests.push([method, path, ...(body === undefined ? [] : [body])]);
      return VIEW as Result;
    },
    close: async () => {},
  };
  return { requests, lines, run: () => define(input, control) };
}

describe('vedette camera define', () => {
  it('reads NAME=TEXT, texts alone, and other words for the same name', () => {
    expect(definitionsOf(['fall=a person lying', 'smoke', ' fall = somebody fell', '=x'])).toEqual([
      { name: 'fall', text: 'a person lying', examples: ['somebody fell'] },
      { text: 'smoke' },
      { text: '=x' },
    ]);
  });

  it('puts what it is given and shows what is kept', async () => {
    const { requests, lines, run } = given(['hall', 'fall=a person lying'], {}, ['people walking']);
    expect(await run()).toBe(0);
    expect(requests).toEqual([
      [
        'PUT',
        '/v1/cameras/hall/definitions',
        { abnormal: [{ name: 'fall', text: 'a person lying' }], normal: ['people walking'] },
      ],
    ]);
    expect(lines).toEqual([
      'abnormal: fall (a person lying; somebody fell)',
      'normal:   the built-in texts',
      'read by clip-vit-b16',
    ]);
  });

  it('without texts shows, with --clear forgets', async () => {
    const shown = given(['hall']);
    await shown.run();
    expect(shown.requests).toEqual([['GET', '/v1/cameras/hall/definitions']]);
    const cleared = given(['hall'], { clear: true });
    await cleared.run();
    expect(cleared.requests).toEqual([['DELETE', '/v1/cameras/hall/definitions']]);
  });

  it('refuses what makes no sense', async () => {
    await expect(given(['hall'], {}, ['people']).run()).rejects.toMatchObject({ code: 'VDT_USAGE' });
    await expect(given(['hall', 'smoke'], { clear: true }).run()).rejects.toMatchObject({ code: 'VDT_USAGE' });
    await expect(given([]).run()).rejects.toMatchObject({ code: 'VDT_USAGE' });
  });
});
