/** The named entities that turn up in pasted text; numbers cover the rest. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
};
const LARGEST_CODE_POINT = 0x10ffff;

/**
 * What CLIP does to a text before splitting it (`basic_clean`, `whitespace_clean` of OpenAI's `simple_tokenizer.py`, then lower case):
 * straight quotes, ligatures and full-width letters written out and composed accents as `ftfy` does, entities of HTML resolved twice,
 * no control characters, single spaces. What `ftfy` does beyond that, mending text decoded with the wrong alphabet, is left out.
 */
export function cleanText(text: string): string {
  const plain = text
    .replace(/[\u2018\u2019\u201a\u201b\u02bc]/g, "'")
    .replace(/[\u201c\u201d\u201e\u201f]/g, '"')
    .replace(/[\ufb00-\ufb06\uff01-\uff5e\u3000]/g, (letter) => letter.normalize('NFKC'))
    .normalize('NFC');
  return (
    resolveEntities(resolveEntities(plain))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to go
      .replace(/[\u0000-\u0008\u000b\u000e-\u001f\u007f\ufeff\ufff9-\ufffb]/g, '')
      .replace(/\s+/g, ' ')
      .trim()
      .toLowerCase()
  );
}

function resolveEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hexadecimal, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
    return code > 0 && code <= LARGEST_CODE_POINT ? String.fromCodePoint(code) : '';
  });
}
