import { StringDecoder } from 'node:string_decoder';

/** Without a line break in sight this much is taken as a line: a child must not fill our memory. */
const LONGEST_LINE = 16_384;

/** Cuts text that arrives in pieces into lines, without their ends. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  push(bytes: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(bytes))).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LONGEST_LINE) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    return lines;
  }

  /** What came after the last line break. */
  end(): string[] {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}
