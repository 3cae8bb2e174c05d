/** The units in which values are shown, the smallest first. */
export const bytesUnits = [1, 1024, 1024 ** 2, 1024 ** 3];
export const durationUnits = [1, 1_000, 60_000, 3_600_000];

/**
 * Round numbers from 0 to the largest value, some three of them: 1, 2 or 5 times a power of ten apart, in the largest of the
 * units that is no larger than the value.
 */
export function valueTicks(max: number, units: readonly number[] = [1]): readonly number[] {
  if (!(max > 0)) return [0];
  const unit = units.findLast((size) => size <= max) ?? 1;
  const power = 10 ** Math.floor(Math.log10(max / unit / 3)) * unit;
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => max / size <= 4) ?? 10 * power;
  return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, i) => i * step);
}

const timeSteps = [15, 30, 60, 120, 300, 600, 900, 1_800];

/** Round times within a span of seconds since the epoch, at most `countMax`. */
export function timeTicks(from: number, to: number, countMax: number): readonly number[] {
  const step = timeSteps.find((seconds) => (to - from) / seconds <= countMax) ?? 3_600;
  const first = Math.ceil(from / step) * step;
  const count = Math.max(0, Math.floor((to - first) / step) + 1);
  return Array.from({ length: count }, (_, i) => first + i * step);
}
