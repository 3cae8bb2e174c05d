import type { LiveStream } from "../directory/live-stream.ts";
import { lastSecondUsed } from "../streams/last-second.ts";
import type { UpkeepRoom } from "./upkeep.ts";

/**
 * DELETING to gone. The document goes first, so that nobody reads logs that are being freed; what is to be freed and the
 * last second used are written down before that, so that a crash in between loses neither.
 */
export async function carryOutDelete({ log, directory, retired, clock }: UpkeepRoom, live: LiveStream): Promise<void> {
  const { stream } = live;
  const shards = stream.shards.map((shard) => live.ref(shard));
  await retired.retire(stream.account, stream.region, stream.name, lastSecondUsed(stream, clock.nowMs()));
  await retired.beginDrop({ streamId: stream.id, shards });
  await directory.remove(live);
  await log.dropStream(stream.id, shards);
  await retired.endDrop(stream.id);
}
