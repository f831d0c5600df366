/** Part of the picture, each 0 to 1 of its width or height; left < right, top < bottom. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What an object detector saw in the last picture of a segment. */
export interface DetectedObject {
  readonly box: Box;
  /** Detector's confidence in its best class, 0 to 1. */
  readonly confidence: number;
  /** Best class, a name of the pack's `classes`. */
  readonly label: string;
  /** One probability for each of the pack's classes, in their order. */
  readonly classProbabilities: Float32Array;
}
