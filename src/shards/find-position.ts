import type { Position } from "../engine/shard-log.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StartingPosition } from "../streams/positions/starting-position.ts";
import { horizonMs } from "../streams/retention-window.ts";
import type { Shard } from "../streams/stream.ts";
import type { ShardServices } from "./shard-services.ts";

/** Where in its shard's log a reader starts. A sequence number leads straight to its place; times are searched. */
export async function findPosition(
  room: ShardServices,
  live: StreamRevision,
  shard: Shard,
  place: StartingPosition,
): Promise<Position> {
  if (place.at === "position") return place.position;
  const ref = live.ref(shard);
  if (place.at === "latest") return await room.log.seek(ref, { at: "newest" });
  const horizon = horizonMs(room.clock.nowMs(), live.stream);
  const timeMs = place.at === "time" ? Math.max(place.timeMs, horizon) : horizon;
  return await room.log.seek(ref, { at: "time", timeMs });
}

/**
 * The latest moment that a Timestamp may name: now, or the time of the shard's last record where the clock was set back
 * since it was stored.
 */
export async function latestTimestampMs(
  room: ShardServices,
  live: StreamRevision,
  shard: Shard,
  timestampMs: number | undefined,
): Promise<number> {
  const nowMs = room.clock.nowMs();
  if (timestampMs === undefined || timestampMs <= nowMs) return nowMs;
  const ref = live.ref(shard);
  const tip = await room.log.seek(ref, { at: "newest" });
  if (tip === 1n) return nowMs;
  const { entries } = await room.log.read(ref, tip - 1n, { entriesMax: 1, bytesMax: 1 });
  return Math.max(nowMs, entries.at(-1)?.storedMs ?? 0);
}
