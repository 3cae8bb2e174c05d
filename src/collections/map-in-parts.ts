/** Maps so many items at a time, and the next ones when all of these are done. Results are in the order of the items. */
export async function mapInParts<Item, Result>(
  items: readonly Item[],
  concurrentMax: number,
  map: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += concurrentMax) {
    results.push(...(await Promise.all(items.slice(at, at + concurrentMax).map(map))));
  }
  return results;
}
