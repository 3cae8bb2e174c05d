import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { MemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import { awsLimits, type LimitsTable } from "../../src/limits/limits-table.ts";
import { RateLimits } from "../../src/limits/rate-limits.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import { account, type CallResult, region, TestServer } from "./test-server.ts";

/** One key for each half of the hash space: a stream of two shards gets their records apart. */
export const lowKey = "0";
export const highKey = "170141183460469231731687303715884105728";

export interface LimitedServerOptions {
  /** In the place of Amazon's; undefined for no limits at all. */
  readonly table?: Partial<LimitsTable> | undefined;
  readonly transitionDelayMs?: number;
}

/** The pipeline with Amazon's limits, and a clock that moves when the test says so. */
export async function limitedServer(t: TestContext, options: LimitedServerOptions = { table: {} }) {
  const { table, transitionDelayMs = 0 } = options;
  const clock = new SimulatedClock();
  const engine = new MemoryEngine({ clock, memoryBudgetBytes: 512 * 1024 * 1024 });
  await engine.open();
  const limits = table === undefined ? {} : { limits: new RateLimits({ ...awsLimits, ...table }, clock) };
  const server = await TestServer.open({ engine, clock, transitionDelayMs, ...limits });
  t.after(async () => {
    await server.close();
    await engine.close();
  });
  const call = (operation: string, input: object): Promise<CallResult<Members>> => server.call(operation, input);
  return {
    ...{ server, clock, call },
    untilIdle: () => server.untilIdle(),
    firstBytes: (operation: string, input: object, wanted: string) => server.firstBytes(operation, input, wanted),
    expectOk: (operation: string, input: object) => server.expectOk<Members>(operation, input),
    /** The stream is ACTIVE when it returns. */
    async create(StreamName: string, ShardCount: number): Promise<void> {
      await server.expectOk("CreateStream", { StreamName, ShardCount });
      await server.untilIdle();
    },
    async iterator(StreamName: string, shardIndex = 0, ShardIteratorType = "TRIM_HORIZON"): Promise<string> {
      const place = { StreamName, ShardId: shardId(shardIndex), ShardIteratorType };
      return String((await server.expectOk<Members>("GetShardIterator", place))["ShardIterator"]);
    },
  };
}

export type LimitedServer = Awaited<ReturnType<typeof limitedServer>>;
export type Members = Readonly<Record<string, unknown>>;

export function streamArn(name: string): string {
  return `arn:aws:kinesis:${region}:${account}:stream/${name}`;
}

export function shardId(index: number): string {
  return `shardId-${String(index).padStart(12, "0")}`;
}

export function record(bytes: number, ExplicitHashKey: string = lowKey) {
  return { Data: Buffer.alloc(bytes).toString("base64"), PartitionKey: "k", ExplicitHashKey };
}

/** The sentence of a shard that is over its rate. */
export function shardRate(streamName: string, index: number): string {
  return `Rate exceeded for shard ${shardId(index)} in stream ${streamName} under account ${account}.`;
}

/** The sentence of GetRecords on a shard that is over its rate. */
export function readRate(streamName: string, index: number): string {
  return `Rate exceeded for Shard - ${account}/${streamName}/${shardId(index)}`;
}

export function isThrottled(answer: CallResult<Members>): boolean {
  return !answer.ok && answer.message.startsWith("Rate exceeded");
}

/** The answer must be a refusal with this type and these words. */
export function assertRefused(answer: CallResult<Members>, type: string, message: string): void {
  assert(!answer.ok, "the call is refused");
  assert.deepEqual({ type: answer.type, message: answer.message }, { type, message });
}

/** The accepted rate is the limit's, within 5 %: never above it by more than the first burst, hardly below. */
export function assertRate(accepted: number, { perSecond, seconds }: { perSecond: number; seconds: number }): void {
  const ratio = accepted / (perSecond * seconds);
  assert(ratio >= 0.95 && ratio <= 1.05, `${accepted} in ${seconds} s is ${ratio.toFixed(3)} of the limit`);
}
