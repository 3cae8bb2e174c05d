import type { LiveStream } from "../directory/live-stream.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
import { prepareSwitch } from "./switch-shards.ts";
import type { UpkeepRoom } from "./upkeep.ts";

/** A split or a merge: UPDATING to ACTIVE with one switch. */
export async function carryOutReshard(
  room: UpkeepRoom,
  live: LiveStream,
  intent: Extract<StreamIntent, { kind: "reshard" }>,
): Promise<LiveStream> {
  return await commitStep(room.directory, live, await prepareSwitch(room, live, [intent], intent.operationId));
}
