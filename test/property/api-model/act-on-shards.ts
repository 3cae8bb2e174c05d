// The steps that split, merge and resize a stream; see `act.ts`.
import assert from "node:assert/strict";
import { expect, invalid, notFound, refusals } from "./ask.ts";
import type { ModelledServer } from "./modelled-server.ts";
import type { Step } from "./step.ts";
import { type ModelShard, type StreamModel, shardId } from "./stream-model.ts";

/** On-demand streams are not resharded by callers. */
function reshardRefusal(model: StreamModel): string | undefined {
  return refusals.change[model.status] ?? (model.onDemand ? "ValidationException" : undefined);
}

export async function split(
  subject: ModelledServer,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "split" }>,
): Promise<void> {
  const shard = model === undefined ? undefined : pickShard(model, step.shard, subject.nowMs);
  if (model === undefined || shard === undefined) return;
  const { start, end } = shard;
  const place =
    step.at === 0
      ? start + 1n
      : step.at === 1
        ? end
        : step.at === 0.001
          ? start + 2n
          : start + fractionOf(end - start, step.at);
  const legal = place > start + 1n && place < end;
  const refusal = reshardRefusal(model) ?? (shard.closedMs !== undefined || !legal ? invalid : undefined);
  const input = { StreamName: model.name, ShardToSplit: shardId(shard.index), NewStartingHashKey: place.toString() };
  await expect(subject, "SplitShard", input, refusal);
  if (refusal !== undefined) return;
  const parents = [shard.index];
  const opening = [
    { parents, start, end: place - 1n },
    { parents, start: place, end },
  ];
  subject.begin(model, { closing: parents, opening }, "UPDATING");
}

export async function merge(
  subject: ModelledServer,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "merge" }>,
): Promise<void> {
  const pair = model === undefined ? undefined : pickPair(subject, model, step);
  if (model === undefined || pair === undefined) return;
  const [one, other] = pair;
  const closed = one.closedMs !== undefined || other.closedMs !== undefined;
  const refusal = reshardRefusal(model) ?? (closed || one.end + 1n !== other.start ? invalid : undefined);
  const parents = [one.index, other.index];
  const input = {
    StreamName: model.name,
    ShardToMerge: shardId(one.index),
    AdjacentShardToMerge: shardId(other.index),
  };
  await expect(subject, "MergeShards", input, refusal);
  if (refusal !== undefined) return;
  subject.begin(model, { closing: parents, opening: [{ parents, start: one.start, end: other.end }] }, "UPDATING");
}

function pickPair(
  subject: ModelledServer,
  model: StreamModel,
  step: Extract<Step, { do: "merge" }>,
): readonly [ModelShard, ModelShard] | undefined {
  const { open } = model;
  const at = Math.floor(step.shard * Math.max(1, open.length - 1));
  const lower = open[at];
  if (lower === undefined) return undefined;
  const upper = step.how === "any" ? (pickShard(model, step.shard, subject.nowMs) ?? lower) : (open[at + 1] ?? lower);
  return step.how === "reversed" ? [upper, lower] : [lower, upper];
}

export async function resize(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  target: number,
): Promise<void> {
  const refusal = model === undefined ? notFound : reshardRefusal(model);
  const output = await expect<{ readonly CurrentShardCount: number; readonly TargetShardCount: number }>(
    subject,
    "UpdateShardCount",
    { StreamName: name, TargetShardCount: target, ScalingType: "UNIFORM_SCALING" },
    refusal,
  );
  if (model === undefined || output === undefined) return;
  const openCount = model.open.length;
  assert.deepEqual([output.CurrentShardCount, output.TargetShardCount], [openCount, target]);
  if (target !== openCount) subject.begin(model, { target }, "UPDATING");
}

export function pickShard(model: StreamModel, fraction: number, nowMs: number): ModelShard | undefined {
  // Open shards more often than closed ones; one whose last record has expired may be gone at any moment.
  const all = [...model.shards.values()].filter((shard) => model.listed(shard, nowMs) === "yes");
  const { open } = model;
  const shards = fraction < 0.7 ? open : all;
  const scaled = fraction < 0.7 ? fraction / 0.7 : (fraction - 0.7) / 0.3;
  return shards[Math.floor(scaled * shards.length)];
}

export function fractionOf(whole: bigint, fraction: number): bigint {
  return (whole * BigInt(Math.floor(fraction * 2 ** 30))) / 2n ** 30n;
}
