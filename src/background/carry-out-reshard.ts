import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitStep } from "./commit-step.ts";
import type { ReconcilerContext } from "./reconciler.ts";
import { prepareSwitch } from "./switch-shards.ts";

/** A split or a merge: UPDATING to ACTIVE with one switch. */
export async function carryOutReshard(
  room: ReconcilerContext,
  live: StreamRevision,
  intent: Extract<StreamIntent, { kind: "reshard" }>,
): Promise<StreamRevision> {
  return await commitStep(room.registry, live, await prepareSwitch(room, live, [intent], intent.operationId));
}
