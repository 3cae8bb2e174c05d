import type { LiveStream } from "../directory/live-stream.ts";
import { applyCreate } from "../streams/apply-plan.ts";
import { retentionMs } from "../streams/retention-window.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
import { openLogs } from "./open-logs.ts";
import type { UpkeepRoom } from "./upkeep.ts";

/** CREATING to ACTIVE: opens every log, then shows all shards with one change of the document. */
export async function carryOutCreate(
  { log, directory }: UpkeepRoom,
  live: LiveStream,
  intent: Extract<StreamIntent, { kind: "create" }>,
): Promise<LiveStream> {
  const refs = await openLogs(log, live.stream.id, intent.opening, intent.opening.length);
  await log.setRetention(live.stream.id, refs, retentionMs(live.stream.retentionHours));
  const placements = refs.map((ref) => ref.placement);
  return await commitStep(directory, live, (stream) => applyCreate(stream, intent, placements));
}
