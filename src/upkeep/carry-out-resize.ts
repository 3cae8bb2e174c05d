import type { LiveStream } from "../directory/live-stream.ts";
import { planResizeRound } from "../streams/resize-plan.ts";
import type { Stream, StreamIntent } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
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
    return await commitStep(room.directory, live, ({ intent: _done, ...stream }) => ({ ...stream, status: "ACTIVE" }));
  }
  const operationId = `${intent.operationId}/${live.stream.nextShardIndex}`;
  const switchShards = await prepareSwitch(room, live, { ...plan, operationId });
  return await commitStep(room.directory, live, (stream) => {
    const switched = switchShards(stream);
    const isLast = nextRound(switched, intent) === undefined;
    return isLast ? switched : { ...switched, status: "UPDATING", intent };
  });
}

function nextRound({ shards, nextShardIndex }: Stream, { targetCount }: ResizeIntent) {
  const open = shards.filter((shard) => shard.closed === undefined);
  return planResizeRound(open, nextShardIndex, targetCount);
}
