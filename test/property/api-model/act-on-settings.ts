// The steps that change a stream's settings, tags and consumers; see `act.ts`.
import assert from "node:assert/strict";
import { arnOf, expect, inUse, invalid, notFound, refusalOf } from "./ask.ts";
import type { Step } from "./step.ts";
import type { StreamModel } from "./stream-model.ts";
import type { World } from "./world.ts";

type StepOf<Do extends Step["do"]> = Extract<Step, { do: Do }>;
export type SettingStep = StepOf<
  | "mode"
  | "spread"
  | "retention"
  | "encryption"
  | "record-size"
  | "monitoring"
  | "tag"
  | "untag"
  | "register"
  | "deregister"
>;

export async function actOnSettings(
  world: World,
  step: SettingStep,
  name: string,
  model: StreamModel | undefined,
): Promise<void> {
  switch (step.do) {
    case "mode":
      return await changeMode(world, name, model, step.onDemand);
    case "spread":
      return await changeSpread(world, name, model, step.auto);
    case "retention":
      return await changeRetention(world, name, model, step);
    case "encryption":
      return await changeEncryption(world, name, model, step.on);
    case "record-size":
      return await changeRecordSize(world, name, model, step.kib);
    case "monitoring":
      return await updateEnhancedMonitoring(world, name, model, step.on);
    case "tag":
    case "untag":
      return await changeTag(world, name, model, step);
    default:
      return await changeConsumer(world, name, model, step);
  }
}

/** Asks for a change that makes the stream UPDATING for a moment; undefined when it was refused, as it should be. */
async function changed(
  world: World,
  model: StreamModel | undefined,
  operation: string,
  input: object,
): Promise<StreamModel | undefined> {
  const refusal = refusalOf(model, "change");
  await expect(world, operation, input, refusal);
  return refusal === undefined ? model : undefined;
}

async function changeMode(
  world: World,
  name: string,
  model: StreamModel | undefined,
  onDemand: boolean,
): Promise<void> {
  const StreamModeDetails = { StreamMode: onDemand ? "ON_DEMAND" : "PROVISIONED" };
  const done = await changed(world, model, "UpdateStreamMode", { StreamARN: arnOf(name), StreamModeDetails });
  if (done === undefined || done.onDemand === onDemand) return;
  done.onDemand = onDemand;
  if (!onDemand) done.auto = false;
  world.begin(done, "settle", "UPDATING");
}

/** The one setting that takes hold without a transition. */
async function changeSpread(world: World, name: string, model: StreamModel | undefined, auto: boolean): Promise<void> {
  const refusal = refusalOf(model, "change") ?? (auto && model?.onDemand !== true ? invalid : undefined);
  const RecordDistributionStrategy = auto ? "AUTO" : "USER_PARTITION_KEY";
  const input = { StreamARN: arnOf(name), RecordDistributionStrategy };
  await expect(world, "UpdateStreamRecordDistributionStrategy", input, refusal);
  if (model !== undefined && refusal === undefined) model.auto = auto;
}

async function changeEncryption(
  world: World,
  StreamName: string,
  model: StreamModel | undefined,
  on: boolean,
): Promise<void> {
  const operation = on ? "StartStreamEncryption" : "StopStreamEncryption";
  const input = { StreamName, EncryptionType: "KMS", KeyId: "alias/some-key" };
  const done = await changed(world, model, operation, input);
  if (done === undefined || (!on && !done.encrypted)) return;
  done.encrypted = on;
  world.begin(done, "settle", "UPDATING");
}

async function changeRecordSize(
  world: World,
  name: string,
  model: StreamModel | undefined,
  kib: number,
): Promise<void> {
  const input = { StreamARN: arnOf(name), MaxRecordSizeInKiB: kib };
  const done = await changed(world, model, "UpdateMaxRecordSize", input);
  if (done === undefined) return;
  done.recordKiB = kib;
  world.begin(done, "settle", "UPDATING");
}

async function updateEnhancedMonitoring(
  world: World,
  StreamName: string,
  model: StreamModel | undefined,
  on: boolean,
): Promise<void> {
  const operation = on ? "EnableEnhancedMonitoring" : "DisableEnhancedMonitoring";
  const done = await changed(world, model, operation, { StreamName, ShardLevelMetrics: ["IncomingBytes"] });
  if (done === undefined) return;
  done.monitored = on;
  world.begin(done, "settle", "UPDATING");
}

async function changeRetention(
  world: World,
  name: string,
  model: StreamModel | undefined,
  { hours, up }: Extract<Step, { do: "retention" }>,
): Promise<void> {
  const current = model?.retentionHours ?? 0;
  const outOfBounds = hours < 24 || hours > 8760 || (up ? hours < current : hours > current);
  const refusal = refusalOf(model, "change") ?? (outOfBounds ? invalid : undefined);
  const operation = up ? "IncreaseStreamRetentionPeriod" : "DecreaseStreamRetentionPeriod";
  await expect(world, operation, { StreamName: name, RetentionPeriodHours: hours }, refusal);
  if (model === undefined || refusal !== undefined || hours === current) return;
  model.setRetention(hours, world.nowMs);
  world.begin(model, "settle", "UPDATING");
}

async function changeTag(
  world: World,
  name: string,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "tag" | "untag" }>,
): Promise<void> {
  const key = `tag-${step.key}`;
  const refusal = refusalOf(model, "annotate");
  if (step.do === "untag") {
    await expect(world, "RemoveTagsFromStream", { StreamName: name, TagKeys: [key] }, refusal);
    if (refusal === undefined) model?.tags.delete(key);
  } else {
    const value = `value ${step.value}`;
    await expect(world, "AddTagsToStream", { StreamName: name, Tags: { [key]: value } }, refusal);
    if (refusal === undefined) model?.tags.set(key, value);
  }
}

async function changeConsumer(
  world: World,
  name: string,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "register" | "deregister" }>,
): Promise<void> {
  const consumerName = `consumer-${step.consumer}`;
  const input = { StreamARN: arnOf(name), ConsumerName: consumerName };
  const known = model?.consumers.get(consumerName);
  if (step.do === "deregister") {
    await expect(world, "DeregisterStreamConsumer", input, known === undefined ? notFound : undefined);
    if (known === undefined || known.status === "DELETING") return;
    known.status = "DELETING";
    known.dueMs = world.dueMs;
    return;
  }
  const refusal = refusalOf(model, "annotate") ?? (known === undefined ? undefined : inUse);
  const output = await expect<{ readonly Consumer: { readonly ConsumerARN: string } }>(
    world,
    "RegisterStreamConsumer",
    input,
    refusal,
  );
  if (output === undefined) return;
  const arn = output.Consumer.ConsumerARN;
  assert(!world.consumerArns.has(arn), `${arn} comes once`);
  world.consumerArns.add(arn);
  model?.consumers.set(consumerName, { name: consumerName, status: "CREATING", arn, dueMs: world.dueMs });
}
