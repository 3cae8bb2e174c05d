/** What takes the service minutes or days: a server of this process whose clock the tests move. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { call, ok, refusalOf } from "../../conformance/support/call.ts";
import { assertSentence } from "../../conformance/support/messages.ts";
import { base64, iteratorAt } from "../../conformance/support/read-shard.ts";
import {
  createStream,
  deleteStream,
  listShards,
  uniqueName,
  untilActive,
} from "../../conformance/support/stream-fixture.ts";
import { type RunningServer, startServer } from "../../src/app/start-server.ts";
import { configDefaults } from "../../src/config/config.ts";
import type { Clock } from "../../src/time/clock.ts";
import { systemClock } from "../../src/time/system-clock.ts";

/** A wall clock that stands still until a test moves it; what waits, waits in real time. */
class StandingClock implements Clock {
  readonly monotonicMs = systemClock.monotonicMs;
  readonly delay = systemClock.delay;
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  move(ms: number): void {
    this.#nowMs += ms;
  }
}

const startSecond = 1_600_000_000;
const hourMs = 3_600_000;

describe("A server whose clock is moved", () => {
  let clock = new StandingClock(0);
  let server: RunningServer | undefined;
  let pace = new URL("http://localhost");

  // Requests are signed by the real clock, which a server that does not verify does not mind.
  before(async () => {
    clock = new StandingClock(startSecond * 1000);
    const config = { ...configDefaults, port: 0, engine: "memory", logLevel: "error" } as const;
    server = await startServer(config, { clock });
    pace = new URL(server.endpoint);
  });
  after(() => server?.close());

  async function activeStream(shards: number): Promise<string> {
    const name = await createStream({ shards, pace });
    await untilActive(name, pace);
    return name;
  }

  async function put(StreamName: string, text: string): Promise<void> {
    await ok("PutRecord", { StreamName, Data: base64(text), PartitionKey: "a" }, { pace });
  }

  async function textsFrom(StreamName: string, ShardId = "0"): Promise<string> {
    const ShardIterator = await iteratorAt({ StreamName, ShardId }, pace);
    const { Records } = await ok("GetRecords", { ShardIterator }, { pace });
    return Records.map(({ Data }) => Buffer.from(Data, "base64").toString()).join("");
  }

  test("sequence numbers are the service's, digit for digit", async () => {
    const name = await activeStream(3);
    const before = await listShards(name, pace);
    assert.deepEqual(
      before.map(({ SequenceNumberRange }) => SequenceNumberRange.StartingSequenceNumber),
      [
        "49610756384790827419890419256589692040303913337075269634",
        "49610756384813128165088949879731227758576561698581250066",
        "49610756384835428910287480502872763476849210060087230498",
      ],
    );
    clock.move(100_000);
    await ok("SplitShard", { StreamName: name, ShardToSplit: "0", NewStartingHashKey: "100" }, { pace });
    await untilActive(name, pace);
    const [parent] = await listShards(name, pace);
    assert.equal(
      parent?.SequenceNumberRange.EndingSequenceNumber,
      "49610756384801977792489684568159250973620629760601227266",
    );
    await deleteStream(name, pace);
  });

  test("an iterator lives for 300,000 ms, and its refusal tells both times", async () => {
    const name = await activeStream(1);
    const startMs = clock.nowMs();
    const ShardIterator = await iteratorAt({ StreamName: name, ShardId: "0" }, pace);
    clock.move(300_000);
    const page = await ok("GetRecords", { ShardIterator }, { pace });
    clock.move(1);
    assertSentence(refusalOf(await call("GetRecords", { ShardIterator }, { pace })), "iterator-expired", {
      createdAt: javaDate(startMs),
      now: javaDate(clock.nowMs()),
    });
    // The next one was made later, and lives longer.
    clock.move(299_999);
    await ok("GetRecords", { ShardIterator: page.NextShardIterator }, { pace });
    clock.move(1);
    const { type } = refusalOf(await call("GetRecords", { ShardIterator: page.NextShardIterator }, { pace }));
    assert.equal(type, "ExpiredIteratorException");
    await deleteStream(name, pace);
  });

  test("page tokens live for 300,000 ms", async () => {
    const name = await activeStream(2);
    const other = await activeStream(1);
    const StreamARN = (await ok("DescribeStreamSummary", { StreamName: name }, { pace })).StreamDescriptionSummary
      .StreamARN;
    for (const ConsumerName of ["a", "b"]) await ok("RegisterStreamConsumer", { StreamARN, ConsumerName }, { pace });
    const tokens = {
      ListShards: { NextToken: (await ok("ListShards", { StreamName: name, MaxResults: 1 }, { pace })).NextToken },
      ListStreams: { NextToken: (await ok("ListStreams", { Limit: 1 }, { pace })).NextToken },
      ListStreamConsumers: {
        StreamARN,
        NextToken: (await ok("ListStreamConsumers", { StreamARN, MaxResults: 1 }, { pace })).NextToken,
      },
    };
    clock.move(300_000);
    for (const [operation, input] of Object.entries(tokens)) await ok(operation, input, { pace });
    clock.move(1);
    for (const [operation, input] of Object.entries(tokens)) {
      const { type } = refusalOf(await call(operation, input, { pace }));
      assert.equal(type, "ExpiredNextTokenException", operation);
    }
    for (const stream of [name, other]) await deleteStream(stream, pace);
  });

  test("records are gone when they are older than the retention, also when it shrinks, and do not come back", async () => {
    const name = await activeStream(1);
    const setHours = async (operation: string, RetentionPeriodHours: number) => {
      await ok(operation, { StreamName: name, RetentionPeriodHours }, { pace });
      await untilActive(name, pace);
    };
    await setHours("IncreaseStreamRetentionPeriod", 48);
    await put(name, "1");
    clock.move(20 * hourMs);
    await put(name, "2");
    clock.move(20 * hourMs);
    await put(name, "3");
    assert.equal(await textsFrom(name), "123");
    await setHours("DecreaseStreamRetentionPeriod", 24);
    assert.equal(await textsFrom(name), "23");
    await setHours("IncreaseStreamRetentionPeriod", 72);
    assert.equal(await textsFrom(name), "23");
    clock.move(72 * hourMs);
    assert.equal(await textsFrom(name), "3", "2 is older than 72 hours, 3 is not");
    clock.move(1);
    assert.equal(await textsFrom(name), "");
    await deleteStream(name, pace);
  });

  test("a closed shard is listed and read until its records have expired, and then it is gone", async () => {
    const name = await activeStream(1);
    await put(name, "old");
    await ok("SplitShard", { StreamName: name, ShardToSplit: "0", NewStartingHashKey: "100" }, { pace });
    await untilActive(name, pace);
    const idsOf = async (ShardFilter?: object) => {
      const { Shards } = await ok("ListShards", { StreamName: name, ShardFilter }, { pace });
      return Shards.map(({ ShardId }) => ShardId.slice(-1)).join("");
    };
    clock.move(23 * hourMs);
    assert.equal(await idsOf(), "012");
    assert.equal(await textsFrom(name), "old");
    clock.move(2 * hourMs);
    assert.equal(await idsOf(), "12");
    assert.equal(await idsOf({ Type: "AT_TRIM_HORIZON" }), "12");
    const { Shards } = (await ok("DescribeStream", { StreamName: name }, { pace })).StreamDescription;
    assert.deepEqual(
      Shards.map(({ ParentShardId }) => ParentShardId),
      ["shardId-000000000000", "shardId-000000000000"],
      "children still name the parent that is gone",
    );
    await deleteStream(name, pace);
  });

  test("the second that a number tells is at least that of its shard, and the next stream of a name begins later", async () => {
    const name = uniqueName();
    const starts: bigint[] = [];
    for (let i = 0; i < 3; i++) {
      await createStream({ shards: 1, pace }, name);
      const { Shards } = await untilActive(name, pace);
      starts.push(BigInt(Shards[0]?.SequenceNumberRange.StartingSequenceNumber ?? "0"));
      const { SequenceNumber } = await ok("PutRecord", { StreamName: name, Data: "", PartitionKey: "a" }, { pace });
      starts.push(BigInt(SequenceNumber));
      await ok("DeleteStream", { StreamName: name }, { pace });
      while ((await call("DescribeStreamSummary", { StreamName: name }, { pace })).status === 200);
    }
    // All within one second of the clock, which stands still.
    assert.deepEqual(
      starts,
      starts.toSorted((one, other) => (one < other ? -1 : 1)),
    );
    assert.equal(new Set(starts).size, starts.length);
  });
});

/** `Thu Jan 22 01:22:02 UTC 2015` */
function javaDate(ms: number): string {
  const date = new Date(ms);
  const part = (options: Intl.DateTimeFormatOptions) => date.toLocaleString("en-US", { timeZone: "UTC", ...options });
  const day = `${part({ weekday: "short" })} ${part({ month: "short" })} ${part({ day: "2-digit" })}`;
  return `${day} ${date.toISOString().slice(11, 19)} UTC ${date.getUTCFullYear()}`;
}
