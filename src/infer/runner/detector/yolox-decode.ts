import { YOLOX_STRIDES } from '../../packs/picture-manifest.ts';
import { bestOf, type Candidate } from './candidate.ts';

/**
 * Reads YOLOX's output: rows of (x, y, ln width, ln height, objectness, classes), cell by cell over the maps of stride 8, 16, 32,
 * coordinates relative to the cell and in strides. Source: YOLOX, `demo_postprocess` and `multiclass_nms`.
 * @param values rows x (5 + classes)
 * @param input pixels
 * @returns the candidates at or above `confidence`, in order of the cells
 */
export function decodeYolox(
  values: Float32Array,
  input: { readonly width: number; readonly height: number },
  classes: number,
  confidence: number,
): Candidate[] {
  const candidates: Candidate[] = [];
  const length = 5 + classes;
  let at = 0;
  for (const stride of YOLOX_STRIDES) {
    const rows = Math.floor(input.height / stride);
    const columns = Math.floor(input.width / stride);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at += length) {
        const objectness = values[at + 4] ?? 0;
        if (objectness < confidence) continue; // no class can lift it above
        const best = bestOf(values, at + 5, 1, classes);
        const found = objectness * best.value;
        if (found < confidence) continue;
        const x = ((values[at] ?? 0) + column) * stride;
        const y = ((values[at + 1] ?? 0) + row) * stride;
        const halfWidth = (Math.exp(values[at + 2] ?? 0) * stride) / 2;
        const halfHeight = (Math.exp(values[at + 3] ?? 0) * stride) / 2;
        candidates.push({
          left: x - halfWidth,
          top: y - halfHeight,
          right: x + halfWidth,
          bottom: y + halfHeight,
          confidence: Math.min(1, found),
          label: best.index,
          classProbabilities: values.slice(at + 5, at + length),
        });
      }
    }
  }
  return candidates;
}
