import { isConflict } from "../../engine/engine-error.ts";
import { checkCreatingStreams } from "../../limits/quotas.ts";
import type { CreateStreamInput } from "../../model/shapes.generated.ts";
import {
  onlyOnDemand,
  shardCountNotExpected,
  shardCountRequired,
  streamExists,
  warmThroughputNotCommitted,
  warmThroughputTooGreat,
} from "../../model/stream-errors.ts";
import { planCreate } from "../../streams/resharding/reshard-plan.ts";
import { onDemandShardCountMin } from "../../streams/scaling/plan-scaling.ts";
import type { Stream } from "../../streams/stream.ts";
import { addTags } from "../../streams/tags.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { checkShardQuota } from "../check-shard-quota.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { checkOnDemandQuota } from "./check-on-demand-quota.ts";
import { warmMiBpsMax } from "./warm-throughput.ts";

const retentionHoursDefault = 24;
const recordKiBMaxDefault = 1024;

/**
 * Writes the document of a CREATING stream without shards; the reconciler creates them. Without StreamModeDetails, a
 * request with a ShardCount creates a provisioned stream, another one an on-demand stream.
 */
export const createStream = defineOperation({
  name: "CreateStream",
  plane: "control",
  async handle(input, context) {
    const { account, region } = context.caller;
    const name = input.StreamName;
    if (context.registry.find(account, region, name) !== undefined) throw streamExists({ name, account });
    const mode = input.StreamModeDetails?.StreamMode ?? (input.ShardCount === undefined ? "ON_DEMAND" : "PROVISIONED");
    await checkOnDemandMembers(input, mode, context);
    const lastSecond = await context.deletedStreams.lastSecond(account, region, name);
    // No await from here to the write, so that the counts below still hold for it.
    const shardCount = shardCountOf(input, mode);
    const tags = addTags({ name, account }, {}, input.Tags ?? {});
    checkShardQuota({ open: shardCount, created: shardCount }, context);
    checkCreatingStreams(context.limits?.table, account, creatingCount(context));
    if (mode === "ON_DEMAND") checkOnDemandQuota(context);

    const nowMs = context.clock.nowMs();
    const opening = planCreate(shardCount);
    const stream: Stream = {
      account,
      region,
      name,
      id: context.newId(),
      status: "CREATING",
      mode,
      createdMs: nowMs,
      retentionHours: retentionHoursDefault,
      recordKiBMax: input.MaxRecordSizeInKiB ?? recordKiBMaxDefault,
      ...(input.RecordDistributionStrategy === undefined
        ? {}
        : { recordDistribution: input.RecordDistributionStrategy }),
      ...(input.WarmThroughputMiBps ? { warmThroughputMiBps: input.WarmThroughputMiBps } : {}),
      tags,
      ...(lastSecond === 0 ? {} : { consumerSecondUsed: lastSecond }),
      shards: [],
      nextShardIndex: shardCount,
      intent: {
        kind: "create",
        operationId: context.newId(),
        dueMs: transitionDueMs(context),
        createSecond: Math.max(Math.floor(nowMs / 1000), lastSecond + 1),
        opening,
      },
    };
    try {
      await context.registry.create(stream);
    } catch (error) {
      if (isConflict(error)) throw streamExists({ name, account });
      throw error;
    }
    return undefined;
  },
});

function shardCountOf(input: CreateStreamInput, mode: Stream["mode"]): number {
  if (mode === "ON_DEMAND") {
    if (input.ShardCount !== undefined) throw shardCountNotExpected();
    return Math.max(onDemandShardCountMin, input.WarmThroughputMiBps ?? 0);
  }
  if (input.ShardCount === undefined) throw shardCountRequired();
  return input.ShardCount;
}

async function checkOnDemandMembers(
  input: CreateStreamInput,
  mode: Stream["mode"],
  { accounts, caller, clock }: OperationContext,
): Promise<void> {
  if (input.RecordDistributionStrategy === "AUTO" && mode !== "ON_DEMAND") {
    throw onlyOnDemand("RecordDistributionStrategy");
  }
  if (input.WarmThroughputMiBps === undefined) return;
  if (mode !== "ON_DEMAND") throw onlyOnDemand("WarmThroughputMiBps");
  if (!(await accounts.isCommitted(caller.account, caller.region, clock.nowMs()))) throw warmThroughputNotCommitted();
  if (input.WarmThroughputMiBps > warmMiBpsMax) throw warmThroughputTooGreat(warmMiBpsMax);
}

function creatingCount({ registry, caller }: OperationContext): number {
  let count = 0;
  for (const { stream } of registry.inRegion(caller.account, caller.region)) {
    if (stream.status === "CREATING") count += 1;
  }
  return count;
}
