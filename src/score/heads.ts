import type { AnyCueHead } from './cue-head.ts';
import { figureHead } from './figures/figure-head.ts';
import { EMBEDDING_PREFIXES, embeddingHead } from './learned/embedding-head.ts';
import { TRAINED_PREFIX, trainedHead } from './learned/trained-head.ts';
import { motionHead } from './motion-head.ts';
import { objectHead } from './objects/object-head.ts';
import { sceneChangeHead } from './scene-change/scene-change-head.ts';

const HEADS: readonly AnyCueHead[] = [motionHead, figureHead, sceneChangeHead, objectHead];

/** Heads that exist once for each pack, by what their names begin with. */
const HEADS_OF_PACKS: readonly (readonly [string, (pack: string) => AnyCueHead])[] = [
  [TRAINED_PREFIX, trainedHead],
  [EMBEDDING_PREFIXES.beside, (pack) => embeddingHead(pack, false)],
  [EMBEDDING_PREFIXES.alone, (pack) => embeddingHead(pack, true)],
];

/** What a camera's packs give. */
export interface CameraSenses {
  /** Whether the motion pack's own cues count: it was named, or nothing was. True unless told. */
  readonly normality?: boolean;
  readonly detector: boolean;
  /** Packs of kind head. */
  readonly heads?: readonly { readonly id: string }[];
  /** Packs that were named and give a descriptor of the whole picture. */
  readonly embeddings?: readonly string[];
}

/** The heads of a camera, by what its packs give: at least one. */
export function headsFor({
  normality = true,
  detector,
  heads = [],
  embeddings = [],
}: CameraSenses): readonly AnyCueHead[] {
  const others = detector || heads.length > 0;
  const motion = normality || (!others && embeddings.length === 0);
  return [
    ...(motion ? [motionHead, figureHead, sceneChangeHead] : []),
    ...(detector ? [objectHead] : []),
    ...heads.map(({ id }) => trainedHead(id)),
    ...embeddings.map((id) => embeddingHead(id, !motion && !others)),
  ];
}

/** Heads by their names, in that order; a name that nobody has is left out. */
export function headsNamed(names: readonly string[]): readonly AnyCueHead[] {
  return names.flatMap((name) => HEADS.find((head) => head.name === name) ?? headOfPack(name) ?? []);
}

function headOfPack(name: string): AnyCueHead | null {
  const found = HEADS_OF_PACKS.find(([prefix]) => name.startsWith(prefix));
  return found ? found[1](name.slice(found[0].length)) : null;
}
