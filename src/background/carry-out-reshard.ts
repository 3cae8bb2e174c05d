import type { StreamRevision } from "../registry/stream-revision.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitTransition } from "./commit-transition.ts";
import { prepareReshard } from "./prepare-reshard.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/** A split or a merge: UPDATING to ACTIVE with one switch. */
export async function carryOutReshard(
  context: ReconcilerContext,
  revision: StreamRevision,
  intent: Extract<StreamIntent, { kind: "reshard" }>,
): Promise<StreamRevision> {
  return await commitTransition(
    context.registry,
    revision,
    await prepareReshard(context, revision, [intent], intent.operationId),
  );
}
