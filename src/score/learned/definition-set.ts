/** What a camera's user calls abnormal, and what normal, as one pack's text tower sees it. */
export interface DefinitionSet {
  /** Another one whenever anything in the set is another. */
  readonly key: string;
  /** The extractor whose embeddings the texts are compared with. */
  readonly pack: string;
  /** Logits a unit of similarity: what the pack was trained with (CLIP: 100). */
  readonly logitScale: number;
  readonly abnormal: readonly Definition[];
  /** Of length 1; at least one. */
  readonly normal: readonly Float32Array[];
}

export interface Definition {
  /** What incidents are called by it. */
  readonly name: string;
  /** Of length 1. */
  readonly embedding: Float32Array;
}
