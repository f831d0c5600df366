/**
 * The value that would stand at `rank` if the first `count` values were sorted (Hoare's quickselect): reorders them, sorts nothing.
 *
 * @param rank 0 to count - 1
 */
export function selectAt(values: Float32Array, count: number, rank: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let left = low;
    let right = high;
    while (left <= right) {
      while ((values[left] as number) < pivot) left++;
      while ((values[right] as number) > pivot) right--;
      if (left > right) break;
      const other = values[left] as number;
      values[left] = values[right] as number;
      values[right] = other;
      left++;
      right--;
    }
    if (rank <= right) high = right;
    else if (rank >= left) low = left;
    else break;
  }
  return values[rank] ?? 0;
}
