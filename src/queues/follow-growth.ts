import type { ShardLog, ShardRef } from "../engine/shard-log.ts";
import type { GrowthListener } from "../shards/shard-growth.ts";
import type { Clock } from "../time/clock.ts";

const batchBytesMax = 64 * 1024;
const retryMs = 1_000;

export interface FollowedShard {
  readonly log: ShardLog;
  readonly clock: Clock;
  readonly ref: ShardRef;
  readonly note: GrowthListener;
  readonly signal: AbortSignal;
}

/** Notes how far a shard grows, also by the puts of other gateways, until it is at its end or the signal aborts. */
export async function followGrowth({ log, clock, ref, note, signal }: FollowedShard): Promise<void> {
  let next: bigint | undefined;
  while (!signal.aborted) {
    try {
      next ??= await log.seek(ref, { at: "newest" });
      note(ref.shardIndex, Number(next));
      for await (const batch of log.follow(ref, next, { signal, bufferedBytesMax: batchBytesMax })) {
        const last = batch.at(-1);
        if (last === undefined) continue;
        next = last.position + BigInt(last.count);
        note(ref.shardIndex, Number(next));
      }
      return;
    } catch {
      // A shard that is gone leaves the stream's document, which ends this; anything else passes.
      await clock.delay(retryMs, signal).catch(() => undefined);
    }
  }
}
