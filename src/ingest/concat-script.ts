/**
 * The input of ffmpeg as an ffconcat script on a pipe. An argument list is readable by everybody on the machine (`ps`), a pipe by
 * nobody: this is how the URL with its password reaches ffmpeg. `option` lines exist since ffmpeg 5.0 and set options
 * of the inner demuxer. Source: ffmpeg-formats, section "concat".
 */
export function concatScript(url: string, options: Readonly<Record<string, string | number>>): string {
  const lines = ['ffconcat version 1.0', `file ${quote(url)}`];
  for (const [name, value] of Object.entries(options)) lines.push(`option ${name} ${quote(String(value))}`);
  return `${lines.join('\n')}\n`;
}

/** Inside single quotes every character stands for itself; a quote is written by leaving them. Source: ffmpeg-utils, "Quoting and escaping". */
function quote(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new Error('a line break cannot stand in a concat script');
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** File descriptors of the child beside stdin, stdout and stderr. */
export const SCRIPT_FD = 3;
export const FRAME_TIMES_FD = 4;
export const CHUNK_LIST_FD = 5;

/**
 * The script's pipe as an ffmpeg input. A plain `pipe:3` would switch off the `q` key (ffmpeg takes any input that begins with
 * "pipe:" for its standard input), so it goes through the `async:` protocol.
 */
export const SCRIPT_INPUT = `async:pipe:${SCRIPT_FD}`;
