// The steps that change a stream's settings, tags and consumers; see `act.ts`.
import assert from "node:assert/strict";
import { arnOf, expect, inUse, invalid, notFound, refusalOf } from "./ask.ts";
import type { ModelledServer } from "./modelled-server.ts";
import type { Step } from "./step.ts";
import type { StreamModel } from "./stream-model.ts";

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
  subject: ModelledServer,
  step: SettingStep,
  name: string,
  model: StreamModel | undefined,
): Promise<void> {
  switch (step.do) {
    case "mode":
      return await changeMode(subject, name, model, step.onDemand);
    case "spread":
      return await changeSpread(subject, name, model, step.auto);
    case "retention":
      return await changeRetention(subject, name, model, step);
    case "encryption":
      return await changeEncryption(subject, name, model, step.on);
    case "record-size":
      return await changeRecordSize(subject, name, model, step.kib);
    case "monitoring":
      return await updateEnhancedMonitoring(subject, name, model, step.on);
    case "tag":
    case "untag":
      return await changeTag(subject, name, model, step);
    default:
      return await changeConsumer(subject, name, model, step);
  }
}

/** Asks for a change that makes the stream UPDATING for a moment; undefined when it was refused, as it should be. */
async function changed(
  subject: ModelledServer,
  model: StreamModel | undefined,
  operation: string,
  input: object,
): Promise<StreamModel | undefined> {
  const refusal = refusalOf(model, "change");
  await expect(subject, operation, input, refusal);
  return refusal === undefined ? model : undefined;
}

async function changeMode(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  onDemand: boolean,
): Promise<void> {
  const StreamModeDetails = { StreamMode: onDemand ? "ON_DEMAND" : "PROVISIONED" };
  const done = await changed(subject, model, "UpdateStreamMode", { StreamARN: arnOf(name), StreamModeDetails });
  if (done === undefined || done.onDemand === onDemand) return;
  done.onDemand = onDemand;
  if (!onDemand) done.auto = false;
  subject.begin(done, "settle", "UPDATING");
}

/** The one setting that takes hold without a transition. */
async function changeSpread(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  auto: boolean,
): Promise<void> {
  const refusal = refusalOf(model, "change") ?? (auto && model?.onDemand !== true ? invalid : undefined);
  const RecordDistributionStrategy = auto ? "AUTO" : "USER_PARTITION_KEY";
  const input = { StreamARN: arnOf(name), RecordDistributionStrategy };
  await expect(subject, "UpdateStreamRecordDistributionStrategy", input, refusal);
  if (model !== undefined && refusal === undefined) model.auto = auto;
}

async function changeEncryption(
  subject: ModelledServer,
  StreamName: string,
  model: StreamModel | undefined,
  on: boolean,
): Promise<void> {
  const operation = on ? "StartStreamEncryption" : "StopStreamEncryption";
  const input = { StreamName, EncryptionType: "KMS", KeyId: "alias/some-key" };
  const done = await changed(subject, model, operation, input);
  if (done === undefined || (!on && !done.encrypted)) return;
  done.encrypted = on;
  subject.begin(done, "settle", "UPDATING");
}

async function changeRecordSize(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  kib: number,
): Promise<void> {
  const input = { StreamARN: arnOf(name), MaxRecordSizeInKiB: kib };
  const done = await changed(subject, model, "UpdateMaxRecordSize", input);
  if (done === undefined) return;
  done.recordKiB = kib;
  subject.begin(done, "settle", "UPDATING");
}

async function updateEnhancedMonitoring(
  subject: ModelledServer,
  StreamName: string,
  model: StreamModel | undefined,
  on: boolean,
): Promise<void> {
  const operation = on ? "EnableEnhancedMonitoring" : "DisableEnhancedMonitoring";
  const done = await changed(subject, model, operation, { StreamName, ShardLevelMetrics: ["IncomingBytes"] });
  if (done === undefined) return;
  done.monitored = on;
  subject.begin(done, "settle", "UPDATING");
}

async function changeRetention(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  { hours, up }: Extract<Step, { do: "retention" }>,
): Promise<void> {
  const current = model?.retentionHours ?? 0;
  const outOfBounds = hours < 24 || hours > 8760 || (up ? hours < current : hours > current);
  const refusal = refusalOf(model, "change") ?? (outOfBounds ? invalid : undefined);
  const operation = up ? "IncreaseStreamRetentionPeriod" : "DecreaseStreamRetentionPeriod";
  await expect(subject, operation, { StreamName: name, RetentionPeriodHours: hours }, refusal);
  if (model === undefined || refusal !== undefined || hours === current) return;
  model.setRetention(hours, subject.nowMs);
  subject.begin(model, "settle", "UPDATING");
}

async function changeTag(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "tag" | "untag" }>,
): Promise<void> {
  const key = `tag-${step.key}`;
  const refusal = refusalOf(model, "annotate");
  if (step.do === "untag") {
    await expect(subject, "RemoveTagsFromStream", { StreamName: name, TagKeys: [key] }, refusal);
    if (refusal === undefined) model?.tags.delete(key);
  } else {
    const value = `value ${step.value}`;
    await expect(subject, "AddTagsToStream", { StreamName: name, Tags: { [key]: value } }, refusal);
    if (refusal === undefined) model?.tags.set(key, value);
  }
}

async function changeConsumer(
  subject: ModelledServer,
  name: string,
  model: StreamModel | undefined,
  step: Extract<Step, { do: "register" | "deregister" }>,
): Promise<void> {
  const consumerName = `consumer-${step.consumer}`;
  const input = { StreamARN: arnOf(name), ConsumerName: consumerName };
  const known = model?.consumers.get(consumerName);
  if (step.do === "deregister") {
    await expect(subject, "DeregisterStreamConsumer", input, known === undefined ? notFound : undefined);
    if (known === undefined || known.status === "DELETING") return;
    known.status = "DELETING";
    known.dueMs = subject.dueMs;
    return;
  }
  const refusal = refusalOf(model, "annotate") ?? (known === undefined ? undefined : inUse);
  const output = await expect<{ readonly Consumer: { readonly ConsumerARN: string } }>(
    subject,
    "RegisterStreamConsumer",
    input,
    refusal,
  );
  if (output === undefined) return;
  const arn = output.Consumer.ConsumerARN;
  assert(!subject.consumerArns.has(arn), `${arn} comes once`);
  subject.consumerArns.add(arn);
  model?.consumers.set(consumerName, { name: consumerName, status: "CREATING", arn, dueMs: subject.dueMs });
}
