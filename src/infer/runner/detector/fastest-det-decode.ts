import { FASTEST_DET_STRIDE } from '../../packs/picture-manifest.ts';
import { bestOf, type Candidate } from './candidate.ts';

/**
 * Reads FastestDet's output: planes of one map, (objectness, offset x, offset y, width, height, classes); offsets through tanh in
 * cells, sizes through the logistic function in pictures. Source: FastestDet, example/onnx-runtime/runtime.py.
 * @param values (5 + classes) x rows x columns
 * @param input pixels
 * @returns the candidates at or above `confidence`, in order of the cells
 */
export function decodeFastestDet(
  values: Float32Array,
  input: { readonly width: number; readonly height: number },
  classes: number,
  confidence: number,
): Candidate[] {
  const rows = Math.floor(input.height / FASTEST_DET_STRIDE);
  const columns = Math.floor(input.width / FASTEST_DET_STRIDE);
  const plane = rows * columns;
  const candidates: Candidate[] = [];
  for (let cell = 0; cell < plane; cell++) {
    const objectness = values[cell] ?? 0;
    if (objectness < confidence) continue;
    const best = bestOf(values, 5 * plane + cell, plane, classes);
    const found = objectness * best.value;
    if (found < confidence) continue;
    const at = (index: number) => values[index * plane + cell] ?? 0;
    const x = (((cell % columns) + Math.tanh(at(1))) / columns) * input.width;
    const y = ((Math.floor(cell / columns) + Math.tanh(at(2))) / rows) * input.height;
    const halfWidth = (logistic(at(3)) * input.width) / 2;
    const halfHeight = (logistic(at(4)) * input.height) / 2;
    candidates.push({
      left: x - halfWidth,
      top: y - halfHeight,
      right: x + halfWidth,
      bottom: y + halfHeight,
      confidence: Math.min(1, found),
      label: best.index,
      classProbabilities: Float32Array.from({ length: classes }, (_, index) => at(5 + index)),
    });
  }
  return candidates;
}

function logistic(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
