import type { MemorySample } from "./fuzz-server.ts";

/** What the second half of a server's life may have over the first: code that is compiled late, and the allocator's slack. */
const retainedMiBMax = 4;
const residentMiBMax = 32;

/**
 * A sentence if memory grows: all samples of the second half are over all of the first. A leak of 100 bytes a request is
 * 10 MiB over 100,000 requests; a cache that fills up to its bound and stays there is no growth.
 */
export function memoryGrowth(samples: readonly MemorySample[]): string | undefined {
  const half = Math.floor(samples.length / 2);
  if (half === 0) return undefined;
  for (const [kind, boundMiB] of [
    ["retainedMiB", retainedMiBMax],
    ["residentMiB", residentMiBMax],
  ] as const) {
    const [early, late] = [samples.slice(0, half), samples.slice(half)].map((part) => part.map((one) => one[kind]));
    const [most, least] = [Math.max(...(early ?? [])), Math.min(...(late ?? []))];
    if (least - most > boundMiB) return `${kind} grew from at most ${most.toFixed(1)} to at least ${least.toFixed(1)}`;
  }
  return undefined;
}
