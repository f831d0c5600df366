import { problem } from '../platform/errors.ts';
import { type CommandInput, operand } from './command.ts';
import type { Control } from './control.ts';
import { EXIT_CODES } from './exit-codes.ts';

interface DefinitionsView {
  readonly pack: string | null;
  readonly abnormal: readonly { readonly name: string; readonly text: string; readonly examples: readonly string[] }[];
  readonly normal: readonly string[];
}

/** Says what is abnormal before a camera (`define ID [NAME=]TEXT...`), shows what was said (`define ID`), or takes it back (`--clear`). */
export async function define(input: CommandInput, control: Control): Promise<number> {
  const id = operand(input, 1, 'the camera id', 'camera');
  const path = `/v1/cameras/${encodeURIComponent(id)}/definitions`;
  const abnormal = definitionsOf(input.operands.slice(2));
  const normal = input.lists.normal ?? [];
  if (abnormal.length === 0 && normal.length > 0) {
    throw problem(
      'VDT_USAGE',
      { reason: '--normal alone says nothing of what is abnormal' },
      { hint: 'vedette camera define ID [NAME=]TEXT... --normal TEXT' },
    );
  }
  if (input.flags.clear) {
    if (abnormal.length > 0) throw problem('VDT_USAGE', { reason: '--clear takes no texts' });
    await control.request('DELETE', path);
    input.terminal.print(`camera ${id} has no definitions any more`);
    input.terminal.result({ camera: id, abnormal: [], normal: [] });
    return EXIT_CODES.ok.code;
  }
  const definitions =
    abnormal.length > 0
      ? await control.request<DefinitionsView>('PUT', path, { abnormal, normal })
      : await control.request<DefinitionsView>('GET', path);
  for (const line of linesOf(definitions)) input.terminal.print(line);
  input.terminal.result(definitions);
  return EXIT_CODES.ok.code;
}

/** `NAME=TEXT`, or a text alone, which is its own name; a name that comes again brings other words for the same. */
export function definitionsOf(
  operands: readonly string[],
): readonly { readonly name?: string; readonly text: string; readonly examples?: readonly string[] }[] {
  const named = new Map<string, string[]>();
  for (const word of operands) {
    const split = word.indexOf('=');
    const name = split > 0 ? word.slice(0, split).trim() : word.trim();
    named.set(name, [...(named.get(name) ?? []), (split > 0 ? word.slice(split + 1) : word).trim()]);
  }
  return [...named].map(([name, [text = '', ...examples]]) => ({
    ...(name === text ? {} : { name }),
    text,
    ...(examples.length > 0 ? { examples } : {}),
  }));
}

function linesOf({ pack, abnormal, normal }: DefinitionsView): readonly string[] {
  if (abnormal.length === 0) return ['nothing is defined; vedette camera define ID [NAME=]TEXT...'];
  return [
    ...abnormal.map(({ name, text, examples }) => {
      const words = [text, ...examples].join('; ');
      return `abnormal: ${name === words ? name : `${name} (${words})`}`;
    }),
    ...(normal.length > 0 ? normal.map((text) => `normal:   ${text}`) : ['normal:   the built-in texts']),
    pack === null ? 'no pack of this camera reads text: they do not count' : `read by ${pack}`,
  ];
}
