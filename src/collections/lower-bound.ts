/**
 * Binary search: the first index in `[low, high)` for which `isBelow` is false, or `high` if there is none. `isBelow` must
 * be true of a prefix of the range and false of the rest.
 */
export function lowerBound(low: number, high: number, isBelow: (index: number) => boolean): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (isBelow(middle)) from = middle + 1;
    else to = middle;
  }
  return from;
}
