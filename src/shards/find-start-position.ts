import type { Position } from "../engine/shard-log.ts";
import { latestPresentMs } from "../registry/latest-present.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StartingPosition } from "../streams/positions/starting-position.ts";
import { trimHorizonMs } from "../streams/retention-window.ts";
import type { Shard } from "../streams/stream.ts";
import type { ShardServices } from "./shard-services.ts";

/** The position in the shard's log that a reader starts at. A sequence number has its position in it; times are searched. */
export async function findStartPosition(
  services: ShardServices,
  revision: StreamRevision,
  shard: Shard,
  place: StartingPosition,
): Promise<Position> {
  if (place.at === "position") return place.position;
  const ref = revision.ref(shard);
  if (place.at === "latest") return await services.log.seek(ref, { at: "newest" });
  const horizon = trimHorizonMs(services.clock.nowMs(), revision.stream);
  const timeMs = place.at === "time" ? Math.max(place.timeMs, horizon) : horizon;
  return await services.log.seek(ref, { at: "time", timeMs });
}

/**
 * The latest moment that a Timestamp may name: now, by the clock of any gateway, or the time of the shard's last record where
 * the clock was set back since it was stored.
 */
export async function latestTimestampMs(
  services: ShardServices,
  revision: StreamRevision,
  shard: Shard,
  timestampMs: number | undefined,
): Promise<number> {
  const presentMs = latestPresentMs(services.clock, services.registry);
  if (timestampMs === undefined || timestampMs <= presentMs) return presentMs;
  const ref = revision.ref(shard);
  const last = await services.log.seek(ref, { at: "last" });
  const { entries } = await services.log.read(ref, last, { entriesMax: 1, bytesMax: 1 });
  return Math.max(presentMs, entries.at(-1)?.storedMs ?? 0);
}
