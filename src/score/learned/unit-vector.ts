/** The vector scaled to length 1; zeros stay zeros. */
export function unitVector(values: Float32Array): Float32Array {
  let squares = 0;
  for (const value of values) squares += value * value;
  const length = Math.sqrt(squares);
  return values.map((value) => (length > 0 ? value / length : 0));
}

/** Sum of products of a vector and as many numbers of another from `otherOffset` on; of two unit vectors their cosine. */
export function dot(one: Float32Array, other: Float32Array, otherOffset = 0): number {
  let sum = 0;
  const { length } = one;
  for (let index = 0; index < length; index++) {
    sum += (one[index] as number) * (other[otherOffset + index] as number);
  }
  return sum;
}
