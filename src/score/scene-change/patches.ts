/**
 * The cells that are joined to `cell` by their sides and lie above `least`; `cell` first, whatever its own value.
 *
 * @param values one a cell, row-major
 */
export function patchAround(values: Float32Array, cell: number, least: number, columns: number): readonly number[] {
  const members = [cell];
  const seen = new Set(members);
  for (const member of members) {
    const column = member % columns;
    const left = column > 0 ? member - 1 : -1;
    const right = column < columns - 1 ? member + 1 : -1;
    for (const neighbour of [member - columns, member + columns, left, right]) {
      if (neighbour < 0 || neighbour >= values.length || seen.has(neighbour)) continue;
      if ((values[neighbour] ?? 0) <= least) continue;
      seen.add(neighbour);
      members.push(neighbour);
    }
  }
  return members;
}

/** Cells of the largest patch of values above `least`. */
export function largestPatch(values: Float32Array, least: number, columns: number): number {
  const seen = new Set<number>();
  let largest = 0;
  values.forEach((value, cell) => {
    if (value <= least || seen.has(cell)) return;
    const members = patchAround(values, cell, least, columns);
    for (const member of members) seen.add(member);
    largest = Math.max(largest, members.length);
  });
  return largest;
}
