import type { LiveStream } from "../directory/live-stream.ts";
import { retentionMs } from "../streams/retention-window.ts";
import { commitStep } from "./commit-step.ts";
import type { UpkeepRoom } from "./upkeep.ts";

/** UPDATING to ACTIVE after a change that the document holds already: tells the engine how long to keep the bytes. */
export async function carryOutSettle({ log, directory }: UpkeepRoom, live: LiveStream): Promise<LiveStream> {
  const { stream } = live;
  await log.setRetention(
    stream.id,
    stream.shards.map((shard) => live.ref(shard)),
    retentionMs(stream.retentionHours),
  );
  return await commitStep(directory, live, ({ intent: _done, ...settled }) => ({ ...settled, status: "ACTIVE" }));
}
