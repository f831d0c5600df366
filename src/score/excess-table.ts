/** Histogram of ln(value + floor) per cell; 3 % wide bins keep quantiles exact enough to compare speeds. */
const BIN_WIDTH = 0.03;
const BINS = 220;
const QUANTILE = 0.98;
/**
 * Neighbours that share their statistics with a cell: one row up and down (perspective), two columns left and right. The farther,
 * the less they count, so that the edge of a road does not become the pavement's usual: half for each step.
 */
const ROW_REACH = 1;
const COLUMN_REACH = 2;

export interface ExcessOptions {
  /** Values below count as nothing there; in the quantity's own unit. */
  readonly floor: number;
  /** Whether cells without anything count too: then the usual level of an empty place is "nothing". */
  readonly countEmpty: boolean;
  /** Weight of the whole picture's level against the neighbourhood's own samples. */
  readonly priorSamples: number;
}

/** What is usual (98 % quantile) and the most seen at each cell, as ln(value + floor). */
export interface ExcessTable {
  readonly usual: Float32Array;
  readonly most: Float32Array;
}

export interface QuantityMap {
  readonly fold: number;
  /** One value per cell, row-major. */
  readonly values: Float32Array;
}

/**
 * Learns where a quantity is usually how large. Cells share statistics with their neighbours, and thin evidence is
 * drawn towards the picture's level. Gives the table over all maps and, per fold, the table that never saw that fold.
 */
export function learnExcess(
  maps: readonly QuantityMap[],
  shape: { readonly rows: number; readonly columns: number; readonly folds: number },
  options: ExcessOptions,
): { readonly full: ExcessTable; readonly withoutFold: readonly ExcessTable[] } {
  const cells = shape.rows * shape.columns;
  const histograms = Array.from({ length: shape.folds }, () => new Float64Array(cells * BINS));
  const total = new Float64Array(cells * BINS);
  for (const map of maps) {
    const own = histograms[map.fold];
    for (let cell = 0; cell < cells; cell++) {
      const value = Math.max(0, map.values[cell] ?? 0);
      if (!options.countEmpty && value <= options.floor) continue;
      const index = cell * BINS + Math.min(BINS - 1, Math.floor(Math.log(value / options.floor + 1) / BIN_WIDTH));
      total[index] = (total[index] ?? 0) + 1;
      if (own) own[index] = (own[index] ?? 0) + 1;
    }
  }
  return {
    full: tableOf(total, shape, options),
    withoutFold: histograms.map((own) =>
      tableOf(
        total.map((count, index) => count - (own[index] ?? 0)),
        shape,
        options,
      ),
    ),
  };
}

/** ln of how many times the value exceeds what is usual at the cell; 0 at the usual level. */
export function excessAt(table: ExcessTable, floor: number, cell: number, value: number): number {
  return Math.log(Math.max(0, value) + floor) - (table.usual[cell] ?? 0);
}

function tableOf(
  histogram: Float64Array,
  shape: { readonly rows: number; readonly columns: number },
  options: ExcessOptions,
): ExcessTable {
  const cells = shape.rows * shape.columns;
  const base = Math.log(options.floor);
  const picture = new Float64Array(BINS);
  for (let index = 0; index < histogram.length; index++) {
    const bin = index % BINS;
    picture[bin] = (picture[bin] ?? 0) + (histogram[index] ?? 0);
  }
  const pictureLevel = quantileOf(picture);
  // A picture in which nothing ever moved: the least thing that counts is the level.
  const prior = pictureLevel.count === 0 ? Math.LN2 : pictureLevel.quantile;
  const usual = new Float32Array(cells);
  const most = new Float32Array(cells);
  const pooled = new Float64Array(BINS);
  for (let row = 0; row < shape.rows; row++) {
    for (let column = 0; column < shape.columns; column++) {
      pooled.fill(0);
      for (let r = Math.max(0, row - ROW_REACH); r <= Math.min(shape.rows - 1, row + ROW_REACH); r++) {
        for (let c = Math.max(0, column - COLUMN_REACH); c <= Math.min(shape.columns - 1, column + COLUMN_REACH); c++) {
          const offset = (r * shape.columns + c) * BINS;
          const share = 0.5 ** (Math.abs(r - row) + Math.abs(c - column));
          for (let bin = 0; bin < BINS; bin++)
            pooled[bin] = (pooled[bin] ?? 0) + share * (histogram[offset + bin] ?? 0);
        }
      }
      const level = quantileOf(pooled);
      const weight = level.count / (level.count + options.priorSamples);
      const cell = row * shape.columns + column;
      usual[cell] = base + weight * level.quantile + (1 - weight) * prior;
      most[cell] =
        base + (level.count === 0 ? prior : Math.max(level.most, weight * level.most + (1 - weight) * prior));
    }
  }
  return { usual, most };
}

/** Quantile and upper edge of the highest filled bin, as ln(value / floor + 1). */
function quantileOf(histogram: Float64Array): { count: number; quantile: number; most: number } {
  let count = 0;
  let most = 0;
  for (let bin = 0; bin < BINS; bin++) {
    const here = histogram[bin] ?? 0;
    count += here;
    if (here > 0) most = (bin + 1) * BIN_WIDTH;
  }
  let above = (1 - QUANTILE) * count;
  for (let bin = BINS - 1; bin >= 0; bin--) {
    const here = histogram[bin] ?? 0;
    if (here > 0 && here >= above) return { count, quantile: (bin + 1 - above / here) * BIN_WIDTH, most };
    above -= here;
  }
  return { count, quantile: 0, most };
}
