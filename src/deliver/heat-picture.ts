/** Strangeness over the picture, as the incident keeps it. */
export interface HeatMap {
  readonly rows: number;
  readonly columns: number;
  /** Row-major, 0 to 1. */
  readonly values: readonly number[];
}

/** Most that the map covers of the picture beneath it, 0 to 1. */
const STRONGEST_ALPHA = 0.65;
/** Green at the weakest: from yellow to red. */
const YELLOW_GREEN = 220;

/**
 * The map as one RGBA pixel a cell: yellow and see-through where little is strange, red and strong at the strangest.
 * ffmpeg stretches it over the picture.
 */
export function heatPixels({ rows, columns, values }: HeatMap): Uint8Array {
  const pixels = new Uint8Array(rows * columns * 4);
  for (let cell = 0; cell < rows * columns; cell++) {
    const heat = Math.min(1, Math.max(0, values[cell] ?? 0));
    pixels[cell * 4] = 255;
    pixels[cell * 4 + 1] = Math.round(YELLOW_GREEN * (1 - heat));
    pixels[cell * 4 + 3] = Math.round(255 * STRONGEST_ALPHA * heat);
  }
  return pixels;
}

/** The map of an incident, or null where it has none that fits its grid. */
export function heatMapOf(incident: {
  readonly heat: readonly number[] | null;
  readonly gridRows: number;
  readonly gridColumns: number;
}): HeatMap | null {
  const { heat, gridRows: rows, gridColumns: columns } = incident;
  return heat !== null && heat.length > 0 && heat.length === rows * columns ? { rows, columns, values: heat } : null;
}
