import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { GetRecordsOutput } from "../../../../../console/src/api/shapes.ts";
import { type ReaderState, RecordReader } from "../../../../../console/src/records/reader.ts";
import type { StreamRecord } from "../../../../../console/src/records/record.ts";
import { shardIdOf } from "../../../../../console/src/shards/shard.ts";

/** A stream in memory: records by shard, and where its shards go on. */
class FakeStream {
  readonly shards = new Map<string, { times: number[]; children?: readonly string[] }>();
  readonly news: number[][] = [];
  readonly reads: string[] = [];
  /** Thrown by the next read. */
  failure: Error | undefined;
  #wake: () => void = () => undefined;

  put(index: number, timeMs: number): void {
    const shard = this.shards.get(shardIdOf(index)) ?? { times: [] };
    shard.times.push(timeMs);
    this.shards.set(shardIdOf(index), shard);
    this.news.push([index]);
    this.#wake();
  }

  async call<Output>(operation: string, input: object): Promise<Output> {
    await pause(0);
    const { ShardId, StartingSequenceNumber = "-1", ShardIterator = "" } = input as Record<string, string>;
    if (operation === "GetShardIterator") {
      return { ShardIterator: `${ShardId}/${Number(StartingSequenceNumber) + 1}` } as Output;
    }
    if (this.failure !== undefined) {
      const error = this.failure;
      this.failure = undefined;
      throw error;
    }
    const [shardId = "", from = "0"] = ShardIterator.split("/");
    this.reads.push(shardId);
    const { times = [], children } = this.shards.get(shardId) ?? {};
    const records = times.slice(Number(from), Number(from) + 2);
    const next = Number(from) + records.length;
    const page: GetRecordsOutput = {
      Records: records.map((timeMs, i) => ({
        SequenceNumber: String(Number(from) + i),
        ApproximateArrivalTimestamp: timeMs / 1000,
        Data: "",
        PartitionKey: "k",
      })),
      MillisBehindLatest: next < times.length ? 1 : 0,
      ...(children !== undefined && next === times.length
        ? { ChildShards: children.map((id) => ({ ShardId: id })) }
        : { NextShardIterator: `${shardId}/${next}` }),
    };
    return page as Output;
  }

  async *listen(signal: AbortSignal): AsyncGenerator<readonly number[]> {
    signal.addEventListener("abort", () => this.#wake());
    while (!signal.aborted) {
      const heard = this.news.shift();
      if (heard !== undefined) yield heard;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

interface Reading {
  readonly reader: RecordReader;
  readonly times: number[];
  readonly faults: unknown[];
  readonly until: (isDone: () => boolean) => Promise<void>;
}

function read(
  t: TestContext,
  stream: FakeStream,
  shardIds: readonly string[],
  { backlogMax = 1_000, only = false } = {},
): Reading {
  const times: number[] = [];
  const faults: unknown[] = [];
  const states: ReaderState[] = [];
  const reader = new RecordReader(
    {
      ...{ stream: "s", shardIds, backlogMax, only, start: { kind: "oldest" } },
      onRecords: (records: readonly StreamRecord[]) => times.push(...records.map(({ arrivalMs }) => arrivalMs)),
      onState: (state) => states.push(state),
      onFault: (error) => error !== undefined && faults.push(error),
    },
    {
      call: <Output>(operation: string, input: object) => stream.call<Output>(operation, input),
      news: (signal) => stream.listen(signal),
      ...{ shardIdOf, nowMs: () => 1_000_000 },
    },
  );
  reader.start();
  t.after(() => reader.close());
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) await pause(1);
  };
  return { reader, times, faults, until };
}

function sorted(times: readonly number[]): readonly number[] {
  return times.toSorted((one, other) => one - other);
}

test("all shards are read to their tips, and then each that has news", async (t) => {
  const stream = new FakeStream();
  for (let i = 0; i < 9; i++) stream.put(i % 3, i);
  const { reader, times, until } = read(t, stream, [0, 1, 2].map(shardIdOf));
  await until(() => reader.state === "live");
  assert.deepEqual(sorted(times), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  stream.put(1, 9);
  stream.put(7, 10);
  await until(() => times.length === 11);
});

test("the end of a closed shard leads to its children", async (t) => {
  const stream = new FakeStream();
  stream.put(0, 1);
  stream.put(1, 2);
  stream.put(2, 3);
  stream.shards.set(shardIdOf(0), { times: [1], children: [shardIdOf(1), shardIdOf(2)] });
  stream.news.length = 0;
  const { times, until } = read(t, stream, [shardIdOf(0)]);
  await until(() => times.length === 3);
  assert.deepEqual(sorted(times), [1, 2, 3]);
});

test("a closed shard that is read alone ends the reading", async (t) => {
  const stream = new FakeStream();
  stream.shards.set(shardIdOf(0), { times: [1], children: [shardIdOf(1)] });
  const { reader, times, until } = read(t, stream, [shardIdOf(0)], { only: true });
  await until(() => reader.state === "ended");
  assert.deepEqual(times, [1]);
});

test("a long backlog is read in parts, each when a person asks for it", async (t) => {
  const stream = new FakeStream();
  stream.shards.set(shardIdOf(0), { times: Array.from({ length: 10 }, (_, i) => i) });
  const { reader, times, until } = read(t, stream, [shardIdOf(0)], { backlogMax: 4 });
  await until(() => reader.state === "full");
  assert.equal(times.length, 4);
  reader.more();
  await until(() => times.length === 8);
  reader.more();
  await until(() => reader.state === "live");
  assert.deepEqual(times, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("a pause keeps its place, and nothing is lost or read twice", async (t) => {
  const stream = new FakeStream();
  stream.put(0, 1);
  stream.news.length = 0;
  const { reader, times, until } = read(t, stream, [shardIdOf(0)]);
  await until(() => reader.state === "live");
  reader.pause();
  stream.put(0, 2);
  await pause(5);
  assert.deepEqual([reader.state, times], ["paused", [1]]);
  reader.resume();
  await until(() => times.length === 2);
  assert.deepEqual(times, [1, 2]);
});

test("a throttled read and an iterator that has expired are tried again without a word", async (t) => {
  const stream = new FakeStream();
  for (let i = 0; i < 4; i++) stream.put(0, i);
  const typed = (type: string) => Object.assign(new Error(type), { type });
  stream.failure = typed("ProvisionedThroughputExceededException");
  const { times, faults, until } = read(t, stream, [shardIdOf(0)]);
  await until(() => times.length === 2);
  stream.failure = typed("ExpiredIteratorException");
  await until(() => times.length === 4);
  assert.deepEqual(times, [0, 1, 2, 3]);
  assert.deepEqual(faults, []);
});

test("a refusal is reported", async (t) => {
  const stream = new FakeStream();
  stream.put(0, 1);
  stream.failure = Object.assign(new Error("not you"), { type: "AccessDeniedException" });
  const { faults, until } = read(t, stream, [shardIdOf(0)]);
  await until(() => faults.length > 0);
});

test("records are handed on when no older one of another shard can be missing", async (t) => {
  const stream = new FakeStream();
  stream.shards.set(shardIdOf(0), { times: [1, 2, 30, 31, 32, 33] });
  stream.shards.set(shardIdOf(1), { times: [10, 11, 12, 13, 14, 40] });
  const { reader, times, until } = read(t, stream, [0, 1].map(shardIdOf));
  await until(() => reader.state === "live");
  assert.deepEqual(times, sorted(times));
  assert.equal(times.length, 12);
});
