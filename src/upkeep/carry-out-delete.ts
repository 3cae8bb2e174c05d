import type { LiveStream } from "../directory/live-stream.ts";
import type { PendingDrop } from "../directory/retired-streams.ts";
import { lastSecondUsed } from "../streams/last-second.ts";
import type { UpkeepRoom } from "./upkeep.ts";

/**
 * DELETING to gone. The document goes before the logs, so that nobody reads logs that are being freed; what is to be freed
 * and the last second used are written down before that, so that a crash in between loses neither. Gives what is to be freed.
 */
export async function carryOutDelete(
  { directory, retired, clock }: UpkeepRoom,
  live: LiveStream,
): Promise<PendingDrop> {
  const { stream } = live;
  const shards = stream.shards.map((shard) => live.ref(shard));
  await retired.retire(stream.account, stream.region, stream.name, lastSecondUsed(stream, clock.nowMs()));
  const drop = { streamId: stream.id, shards };
  await retired.beginDrop(drop);
  await directory.remove(live);
  return drop;
}
