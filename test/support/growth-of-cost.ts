/**
 * How much CPU time of this process `work` takes at a size and at half of it: the least of three runs each, in milliseconds.
 * Other processes on the machine do not count.
 */
export interface CostOfSizes {
  readonly halfMs: number;
  readonly wholeMs: number;
}

const runCount = 3;

/** Below this a run says more of the collector than of the work. */
const measurableMs = 25;

/** Twice the size takes twice the time; the square of it four times. */
const growthMax = 3;

export async function costOfSizes(size: number, work: (size: number) => unknown): Promise<CostOfSizes> {
  const wholeMs = await leastCostMs(() => work(size));
  // What is cheap as a whole need not be measured as a half.
  return { halfMs: wholeMs > measurableMs ? await leastCostMs(() => work(size / 2)) : 0, wholeMs };
}

/** Whether the cost grows faster than the size, as far as it can be measured. */
export function growsFasterThanSize({ halfMs, wholeMs }: CostOfSizes): boolean {
  return wholeMs > measurableMs && wholeMs > growthMax * halfMs;
}

/** CPU time of this process in milliseconds, the least of three runs; the first one's if that is too cheap to be measured. */
export async function leastCostMs(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runCount && least > 0; run++) {
    const start = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
    // Once it is cheap, more runs say nothing.
    if (least < measurableMs / growthMax) break;
  }
  return least;
}
