import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, type LimitedServer, limitedServer, streamArn } from "../../support/limited-server.ts";
import { account } from "../../support/test-server.ts";

const hourMs = 3_600_000;
const sentence = `Rate exceeded for stream s under account ${account}.`;

/** `times` successful changes, one a minute; then one more is refused, also 23 hours later, and goes through after 24. */
async function assertDaily(server: LimitedServer, times: number, change: (time: number) => [string, object]) {
  const once = async (time: number) => {
    const answer = await server.call(...change(time));
    await server.untilIdle();
    return answer;
  };
  for (let time = 0; time < times; time++) {
    const answer = await once(time);
    assert(answer.ok, `change ${time + 1}: ${answer.ok ? "" : answer.message}`);
    await server.clock.advance(60_000);
    await server.untilIdle();
  }
  assertRefused(await once(times), "LimitExceededException", sentence);
  await server.clock.advance(24 * hourMs - (times + 1) * 60_000);
  assertRefused(await once(times), "LimitExceededException", sentence);
  await server.clock.advance(60_000);
  const first = await once(times);
  assert(first.ok, "the first change is a day old");
  assertRefused(await once(times + 1), "LimitExceededException", sentence);
}

test("UpdateShardCount: 10 times in any 24 hours by stream", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 2);
  await assertDaily(server, 10, (time) => [
    "UpdateShardCount",
    { StreamName: "s", TargetShardCount: 2 + (time % 2 === 0 ? 1 : 0), ScalingType: "UNIFORM_SCALING" },
  ]);
  await server.create("other", 2);
  const other = { StreamName: "other", TargetShardCount: 3, ScalingType: "UNIFORM_SCALING" };
  await server.expectOk("UpdateShardCount", other);
});

test("UpdateStreamMode: 2 switches in any 24 hours by stream", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  await assertDaily(server, 2, (time) => {
    const StreamMode = time % 2 === 0 ? "ON_DEMAND" : "PROVISIONED";
    return ["UpdateStreamMode", { StreamARN: streamArn("s"), StreamModeDetails: { StreamMode } }];
  });
});

test("StartStreamEncryption: 25 times in any 24 hours by stream", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  await assertDaily(server, 25, (time) => [
    "StartStreamEncryption",
    { StreamName: "s", EncryptionType: "KMS", KeyId: `alias/key-${time}` },
  ]);
});

test("StopStreamEncryption: 25 times in any 24 hours by stream", async (t) => {
  const server = await limitedServer(t, { table: { encryptionStartsPerDay: 100 } });
  await server.create("s", 1);
  const key = { StreamName: "s", EncryptionType: "KMS", KeyId: "alias/aws/kinesis" };
  for (let time = 0; time < 25; time++) {
    await server.expectOk("StartStreamEncryption", key);
    await server.untilIdle();
    await server.expectOk("StopStreamEncryption", key);
    await server.untilIdle();
  }
  await server.expectOk("StartStreamEncryption", key);
  await server.untilIdle();
  assertRefused(await server.call("StopStreamEncryption", key), "LimitExceededException", sentence);
  await server.clock.advance(24 * hourMs);
  await server.expectOk("StopStreamEncryption", key);
});

test("a refused change does not count", async (t) => {
  const server = await limitedServer(t);
  await server.create("s", 1);
  const tooMany = { StreamName: "s", TargetShardCount: 100, ScalingType: "UNIFORM_SCALING" };
  for (let time = 0; time < 12; time++) {
    const refused = await server.call("UpdateShardCount", tooMany);
    assert(!refused.ok && !refused.message.startsWith("Rate exceeded for stream"));
    await server.clock.advance(1_000);
  }
  await server.expectOk("UpdateShardCount", { ...tooMany, TargetShardCount: 2 });
});
