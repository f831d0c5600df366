/** What learned packs make of one segment. */
export interface LearnedFeatures {
  /** Descriptor of the whole picture by extractor id; a pack that did not look has no entry. */
  readonly embeddings: Readonly<Record<string, Float32Array>>;
  /** By head id; a head whose extractor did not look at this segment has no entry. */
  readonly heads: Readonly<Record<string, HeadOutput>>;
}

/** What a head says of the newest segment, given those before it. */
export interface HeadOutput {
  /** 0 to 1, higher is more abnormal. */
  readonly score: number;
  /** Calibrated, 0 to 1, in the head's order; empty for a head without experts. */
  readonly experts: readonly { readonly label: string; readonly score: number }[];
}
