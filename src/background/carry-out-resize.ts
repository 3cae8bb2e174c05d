import type { StreamRevision } from "../registry/stream-revision.ts";
import { planResize } from "../streams/resharding/resize-plan.ts";
import type { StreamIntent } from "../streams/stream.ts";
import { commitTransition } from "./commit-transition.ts";
import { prepareReshard } from "./prepare-reshard.ts";
import type { ReconcilerContext } from "./reconciler.ts";

/**
 * All splits and merges of a resize: UPDATING to ACTIVE with one switch, so that a record is routed again at most once.
 * The steps follow from the open shards alone, so a restart plans the same ones again.
 */
export async function carryOutResize(
  context: ReconcilerContext,
  revision: StreamRevision,
  { operationId, targetCount }: Extract<StreamIntent, { kind: "resize" }>,
): Promise<StreamRevision> {
  const { shards, nextShardIndex } = revision.stream;
  const open = shards.filter((shard) => shard.closed === undefined);
  const steps = planResize(open, nextShardIndex, targetCount);
  return await commitTransition(
    context.registry,
    revision,
    await prepareReshard(context, revision, steps, operationId),
  );
}
