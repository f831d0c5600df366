/** First of `count` rows, in rising order of their first number, whose first number is at least `key`. */
export function lowerBound(values: Float32Array, dimensions: number, count: number, key: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle * dimensions] as number) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
