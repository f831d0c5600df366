/**
 * Maps an asynchronous series with a few calls under way at once, giving results in the order of the inputs. It keeps
 * decoder, runner and scorer busy at the same time; what a result is depends on its own input only.
 * @param limit calls under way at most, at least 1
 */
export async function* mapInOrder<Input, Output>(
  inputs: AsyncIterable<Input>,
  limit: number,
  map: (input: Input) => Promise<Output>,
): AsyncGenerator<Output> {
  const underWay: Promise<Output>[] = [];
  try {
    for await (const input of inputs) {
      const result = map(input);
      // A failure is thrown when its turn comes; until then it must not count as unhandled.
      result.catch(() => {});
      underWay.push(result);
      const first = underWay.length >= limit ? underWay.shift() : undefined;
      if (first) yield await first;
    }
    for (let first = underWay.shift(); first; first = underWay.shift()) yield await first;
  } finally {
    await Promise.allSettled(underWay);
  }
}
