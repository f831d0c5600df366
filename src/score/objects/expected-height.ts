/** How tall what is usually seen here stands in the picture, by the row of its feet: a straight line, as for people on level ground. */
export interface HeightLine {
  /** Height at the top of the picture and its growth down to the bottom, shares of the picture's height. */
  readonly intercept: number;
  readonly slope: number;
  /** The line is trusted no further than the heights it was fitted to. */
  readonly least: number;
  readonly most: number;
}

/** Where nothing is known. */
const UNKNOWN: HeightLine = { intercept: 0.2, slope: 0, least: 0.2, most: 0.2 };
const ITERATIONS = 20;
/** Weight of "the same height everywhere": that of one object a third of the picture away from the others. */
const LEVEL_WEIGHT = 0.1;
/** Deviations from the line below are noise, shares of the picture's height. */
const NOISE = 1e-3;

/**
 * Fits the line so that half the objects may be anything else: least absolute deviations by reweighting. A few objects, or
 * objects of one row only, give a level line.
 *
 * @param bottoms row of the feet, 0 (top) to 1 @param heights shares of the picture's height; as many
 */
export function fitHeightLine(bottoms: readonly number[], heights: readonly number[]): HeightLine {
  const count = Math.min(bottoms.length, heights.length);
  if (count === 0) return UNKNOWN;
  const sorted = Float64Array.from(heights).sort();
  const quantile = (share: number) => sorted[Math.min(count - 1, Math.floor(share * count))] ?? 0;
  const middleRow = bottoms.reduce((sum, bottom) => sum + bottom, 0) / count;
  let intercept = quantile(0.5);
  let slope = 0;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let [weights, y, h, yy, yh] = [0, 0, 0, 0, 0];
    for (let index = 0; index < count; index++) {
      const bottom = (bottoms[index] ?? 0) - middleRow;
      const height = heights[index] ?? 0;
      const weight = 1 / Math.max(NOISE, Math.abs(height - intercept - slope * bottom));
      weights += weight;
      y += weight * bottom;
      h += weight * height;
      yy += weight * bottom * bottom;
      yh += weight * bottom * height;
    }
    const spread = yy - (y * y) / weights + (LEVEL_WEIGHT * weights) / count;
    slope = (yh - (y * h) / weights) / spread;
    intercept = (h - slope * y) / weights;
  }
  return {
    intercept: intercept - slope * middleRow,
    slope,
    least: Math.max(0.005, quantile(0.02)),
    most: Math.max(0.005, quantile(0.98)),
  };
}

/** Expected height of something whose feet are at the row, share of the picture's height, above 0. */
export function expectedHeight(line: HeightLine, bottom: number): number {
  return Math.min(line.most, Math.max(line.least, line.intercept + line.slope * bottom));
}
