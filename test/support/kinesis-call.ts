import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { PageOutput } from "./listed-shards.ts";

/** The first hash key of the upper half. */
export const hashKeyMiddle = "170141183460469231731687303715884105728";

/** Signed in form, as a server without a credentials file asks for. */
export function headersFor(operation: string): Record<string, string> {
  return {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": `Kinesis_20131202.${operation}`,
    "X-Amz-Date": "20261121T000000Z",
    Authorization:
      "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00",
  };
}

export async function call<Output>(endpoint: string, operation: string, input: object): Promise<Output> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: headersFor(operation),
    body: JSON.stringify(input),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${operation}: ${text}`);
  return (text === "" ? {} : JSON.parse(text)) as Output;
}

/** The type of the error that a call is refused with; `none` if it is not. */
export async function refusalOf(endpoint: string, operation: string, input: object): Promise<string> {
  const body = JSON.stringify(input);
  const response = await fetch(endpoint, { method: "POST", headers: headersFor(operation), body });
  if (response.status === 200) {
    await response.body?.cancel();
    return "none";
  }
  return ((await response.json()) as { readonly __type: string }).__type;
}

interface Summary {
  readonly StreamDescriptionSummary: { readonly StreamStatus: string; readonly StreamARN: string };
}

/** The stream's ARN, once it is ACTIVE. */
export async function activeStreamArn(endpoint: string, StreamName: string): Promise<string> {
  for (;;) {
    const { StreamDescriptionSummary } = await call<Summary>(endpoint, "DescribeStreamSummary", { StreamName });
    if (StreamDescriptionSummary.StreamStatus === "ACTIVE") return StreamDescriptionSummary.StreamARN;
    await pause(5);
  }
}

/** The ARN of a new on-demand stream, once it is ACTIVE. */
export async function activeOnDemandArn(endpoint: string, StreamName: string): Promise<string> {
  await call(endpoint, "CreateStream", { StreamName, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
  return await activeStreamArn(endpoint, StreamName);
}

/** The ARN of a new consumer, once it is ACTIVE. */
export async function activeConsumerArn(endpoint: string, StreamARN: string, ConsumerName: string): Promise<string> {
  interface Described {
    readonly ConsumerDescription: { readonly ConsumerStatus: string; readonly ConsumerARN: string };
  }
  await call(endpoint, "RegisterStreamConsumer", { StreamARN, ConsumerName });
  for (;;) {
    const described = await call<Described>(endpoint, "DescribeStreamConsumer", { StreamARN, ConsumerName });
    if (described.ConsumerDescription.ConsumerStatus === "ACTIVE") return described.ConsumerDescription.ConsumerARN;
    await pause(5);
  }
}

/** Puts one record for each text, which is its partition key too. */
export async function putTexts(endpoint: string, StreamName: string, texts: readonly string[]): Promise<void> {
  const Records = texts.map((text) => ({ Data: Buffer.from(text).toString("base64"), PartitionKey: text }));
  const { Records: stored } = await call<{ readonly Records: readonly { readonly ErrorCode?: string }[] }>(
    endpoint,
    "PutRecords",
    { StreamName, Records },
  );
  assert.deepEqual(
    stored.filter(({ ErrorCode }) => ErrorCode !== undefined),
    [],
  );
}

const fromStart = { ShardIteratorType: "TRIM_HORIZON" };
/** A shard of a test has several pages. */
const pageRecordsMax = 7;

export interface ShardPlace {
  readonly StreamName: string;
  readonly ShardId: string;
}

/**
 * The records of a shard from a position up to its tip. With several endpoints each page comes through the next one in turn, with
 * the iterator of the page before.
 */
export async function readShard(
  endpoints: string | readonly string[],
  place: ShardPlace,
  position: object = fromStart,
): Promise<PageOutput["Records"]> {
  const all = [endpoints].flat();
  const endpointOf = (page: number): string => all[page % all.length] as string;
  const start = { ...place, ...position };
  const first = await call<{ ShardIterator: string }>(endpointOf(0), "GetShardIterator", start);
  const records: PageOutput["Records"][number][] = [];
  let next: string | undefined = first.ShardIterator;
  for (let page = 0; next !== undefined; page++) {
    const input: object = { ShardIterator: next, Limit: pageRecordsMax };
    const found: PageOutput = await call<PageOutput>(endpointOf(page), "GetRecords", input);
    records.push(...found.Records);
    const isAtTip = found.Records.length === 0 && found.MillisBehindLatest === 0;
    next = isAtTip ? undefined : found.NextShardIterator;
  }
  return records;
}

/** The texts of all records of a stream, shard by shard, parents first. */
export async function readStream(
  endpoint: string,
  StreamName: string,
  position: object = fromStart,
): Promise<readonly string[]> {
  const { Shards } = await call<{ Shards: { ShardId: string }[] }>(endpoint, "ListShards", { StreamName });
  const texts: string[] = [];
  for (const { ShardId } of Shards) {
    const records = await readShard(endpoint, { StreamName, ShardId }, position);
    texts.push(...records.map((record) => textOf(record)));
  }
  return texts;
}

export function textOf({ Data }: { readonly Data: string }): string {
  return Buffer.from(Data, "base64").toString();
}
