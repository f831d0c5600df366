import { gunzipSync } from 'node:zlib';
import { Tokenizer } from '@huggingface/tokenizers';
import { problem } from '../../../platform/errors.ts';
import { cleanText } from './clean-text.ts';

/** Turns text into token ids, `contextLength` of them: start, the text, end, and 0 for the rest. */
export type Tokenize = (text: string) => Int32Array;

/** The published list has more merges than the model was trained with. */
const MERGES = 49_152 - 256 - 2;
const END_OF_WORD = '</w>';
const START = '<|startoftext|>';
const END = '<|endoftext|>';
/** CLIP's words: contractions, runs of letters, single digits, runs of anything else. */
const WORD = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
/** Beyond this nothing of a text is looked at: it is longer than 77 tokens in any case, and the work stays small. */
const MAXIMUM_CHARACTERS = 2_000;

/**
 * CLIP's byte-pair tokenizer (Radford et al. 2021; `simple_tokenizer.py` of OpenAI's CLIP). A text that is too long loses its end, the
 * end token stays. The names of the special tokens in a text are text like any other, so that no text can end itself early.
 *
 * @param mergeList bytes of `bpe_simple_vocab_16e6.txt.gz`, or of the same unpacked
 * @throws VDT_PACK_INVALID where the bytes are no merge list
 */
export function clipTokenizer(pack: string, mergeList: Uint8Array, contextLength: number): Tokenize {
  const merges = mergesOf(pack, mergeList);
  const letters = byteLetters();
  const words = [...letters, ...letters.map((letter) => letter + END_OF_WORD), ...merges.map((pair) => pair.join(''))];
  const vocabulary = Object.fromEntries([...words, START, END].map((word, id) => [word, id]));
  // ids are places in the list: where two merges give one word, the later place is its id, and no id moves
  const [start, end] = [words.length, words.length + 1];
  const tokenizer = new Tokenizer(
    {
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: WORD }, behavior: 'Removed', invert: true },
          { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
        ],
      },
      post_processor: null,
      decoder: null,
      model: {
        type: 'BPE',
        unk_token: END,
        continuing_subword_prefix: '',
        end_of_word_suffix: END_OF_WORD,
        fuse_unk: false,
        vocab: vocabulary,
        merges,
      },
    },
    {},
  );
  return (text) => {
    const clean = cleanText(text.slice(0, MAXIMUM_CHARACTERS));
    const ids = clean === '' ? [] : tokenizer.encode(clean, { add_special_tokens: false }).ids;
    const tokens = new Int32Array(contextLength);
    tokens.set([start, ...ids.slice(0, contextLength - 2), end]);
    return tokens;
  };
}

/** Pairs in the order in which they are merged; the first line only says the version. */
function mergesOf(pack: string, bytes: Uint8Array): readonly (readonly [string, string])[] {
  const refuse = (reason: string, cause?: unknown) =>
    problem('VDT_PACK_INVALID', { pack, field: 'text.vocabulary', reason }, { cause });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(
      bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes,
    );
  } catch (cause) {
    throw refuse('cannot be unpacked', cause);
  }
  const merges: (readonly [string, string])[] = [];
  for (const line of text.split('\n').slice(1, MERGES + 1)) {
    const [first, second, more] = line.split(' ');
    if (line === '') continue;
    if (!first || !second || more !== undefined) throw refuse(`has a line that is no pair: ${line.slice(0, 40)}`);
    merges.push([first, second]);
  }
  if (merges.length === 0) throw refuse('holds no merges');
  return merges;
}

/** A visible letter for each byte, in the order of GPT-2's `bytes_to_unicode`: bytes that print stand for themselves. */
function byteLetters(): readonly string[] {
  const printing = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
  const others = range(0, 0xff).filter((byte) => !printing.includes(byte));
  return [...printing, ...others.map((_, place) => 0x100 + place)].map((code) => String.fromCodePoint(code));
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, place) => from + place);
}
