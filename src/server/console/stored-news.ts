import type { StreamRevision } from "../../registry/stream-revision.ts";
import type { TrafficCounts } from "../../shards/traffic-counts.ts";
import type { Clock } from "../../time/clock.ts";

/** Shards that store records within this time of each other are one line. */
const joinMs = 50;
/** A line without shards this long after the one before shows that the connection lives. */
const idleMs = 10_000;

interface NewsOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Lines of JSON that name the shards of a stream which have stored records since the line before: `[0,3]`. It has no records:
 * a reader asks for these with GetRecords. Ends when the signal aborts.
 */
export async function* storedNews(
  counts: TrafficCounts,
  revision: StreamRevision,
  { clock, signal }: NewsOptions,
): AsyncGenerator<Uint8Array, void> {
  const changed = new Set<number>();
  let wake: () => void = () => undefined;
  const stop = counts.listen(revision, (shardIndex) => {
    changed.add(shardIndex);
    wake();
  });
  try {
    yield lineOf(changed);
    while (!signal.aborted) {
      if (changed.size === 0) await untilWoken(idleMs, clock, signal, (resolve) => (wake = resolve));
      const line = lineOf(changed);
      changed.clear();
      if (signal.aborted) return;
      yield line;
      await clock.delay(joinMs, signal).catch(() => undefined);
    }
  } finally {
    stop();
  }
}

async function untilWoken(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  onWake: (wake: () => void) => void,
): Promise<void> {
  const over = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  onWake(resolve);
  const idle = clock.delay(ms, AbortSignal.any([over.signal, signal])).then(resolve, resolve);
  await promise;
  over.abort();
  await idle;
}

function lineOf(shards: ReadonlySet<number>): Uint8Array {
  return Buffer.from(`${JSON.stringify([...shards])}\n`);
}
