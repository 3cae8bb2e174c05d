import type { LiveStream } from "../directory/live-stream.ts";
import { planResize } from "../streams/resize-plan.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
import { prepareSwitch } from "./switch-shards.ts";
import type { UpkeepRoom } from "./upkeep.ts";

/**
 * All splits and merges of a resize: UPDATING to ACTIVE with one switch, so that a record is routed again at most once.
 * The steps follow from the open shards alone, so a restart plans the same ones again.
 */
export async function carryOutResize(
  room: UpkeepRoom,
  live: LiveStream,
  { operationId, targetCount }: Extract<StreamIntent, { kind: "resize" }>,
): Promise<LiveStream> {
  const { shards, nextShardIndex } = live.stream;
  const open = shards.filter((shard) => shard.closed === undefined);
  const steps = planResize(open, nextShardIndex, targetCount);
  return await commitStep(room.directory, live, await prepareSwitch(room, live, steps, operationId));
}
