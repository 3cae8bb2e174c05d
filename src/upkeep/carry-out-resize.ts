import type { LiveStream } from "../directory/live-stream.ts";
import { planResizeRound } from "../streams/resize-plan.ts";
import type { Stream, StreamIntent } from "../streams/stream.ts";
import { prepareSwitch } from "./switch-shards.ts";
import type { UpkeepRoom } from "./upkeep.ts";

type ResizeIntent = Extract<StreamIntent, { kind: "resize" }>;

/**
 * One round of a resize, and one change of the document. The round is planned from the open shards alone, so a restart
 * plans the same one again; after the last round the stream is ACTIVE.
 */
export async function carryOutResize(room: UpkeepRoom, live: LiveStream, intent: ResizeIntent): Promise<LiveStream> {
  const plan = nextRound(live.stream, intent);
  if (plan === undefined) {
    const { intent: _done, ...stream } = live.stream;
    return await room.directory.replace(live, { ...stream, status: "ACTIVE" });
  }
  const operationId = `${intent.operationId}/${live.stream.nextShardIndex}`;
  const switched = await prepareSwitch(room, live, { ...plan, operationId });
  const isLast = nextRound(switched, intent) === undefined;
  return await room.directory.replace(live, isLast ? switched : { ...switched, status: "UPDATING", intent });
}

function nextRound({ shards, nextShardIndex }: Stream, { targetCount }: ResizeIntent) {
  const open = shards.filter((shard) => shard.closed === undefined);
  return planResizeRound(open, nextShardIndex, targetCount);
}
