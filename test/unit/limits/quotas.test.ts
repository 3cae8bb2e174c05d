import assert from "node:assert/strict";
import { test } from "node:test";
import { awsLimits } from "../../../src/limits/limits-table.ts";
import {
  checkConsumers,
  checkCreatingStreams,
  checkOnDemandStreams,
  checkShardCount,
  shardCountMaxIn,
} from "../../../src/limits/quotas.ts";

const account = "123456789012";
const stream = { name: "orders", account };

test("an account has 20,000 shards in three regions and 1,000 elsewhere", () => {
  const regions = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "constructor"];
  assert.deepEqual(
    regions.map((region) => shardCountMaxIn(awsLimits, region)),
    [20_000, 20_000, 20_000, 1_000, 1_000],
  );
});

test("a request past the account's shards is refused in the service's words", () => {
  const place = { account, region: "eu-central-1" };
  checkShardCount(awsLimits, place, { openCount: 998, additional: 2 });
  assert.throws(() => checkShardCount(awsLimits, place, { openCount: 999, additional: 2 }), {
    type: "LimitExceededException",
    message:
      "This request would exceed the shard limit for the account 123456789012 in eu-central-1. Current shard count for the account: 999. Limit: 1000. Number of additional shards that would have resulted from this request: 2. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.",
  });
});

test("an account has 50 on-demand streams", () => {
  const place = { account, region: "us-east-1" };
  checkOnDemandStreams(awsLimits, place, 49);
  assert.throws(() => checkOnDemandStreams(awsLimits, place, 50), {
    type: "LimitExceededException",
    message:
      /^This request would exceed the limit on the number of On-Demand streams .* Current On-Demand streams count: 50\. Limit: 50\.$/,
  });
});

test("five streams may be CREATING; the sixth is refused in the service's words", () => {
  checkCreatingStreams(awsLimits, account, 4);
  assert.throws(() => checkCreatingStreams(awsLimits, account, 5), {
    type: "LimitExceededException",
    message:
      "This request would have exceed the limit on the number  of streams that can simultaneously be in CREATING or DELETING for the account 123456789012. Limit: 5.",
  });
});

test("a stream has 20 consumers, 50 under a commitment, and 5 of them CREATING", () => {
  const check = (registeredCount: number, creatingCount: number, isCommitted: boolean) => () =>
    checkConsumers(awsLimits, stream, { registeredCount, creatingCount, isCommitted });
  check(19, 4, false)();
  check(49, 0, true)();
  const refused = (pattern: RegExp) => ({ type: "LimitExceededException", message: pattern });
  assert.throws(check(20, 0, false), refused(/consumers for stream orders .* Limit: 20\.$/));
  assert.throws(check(50, 0, true), refused(/consumers for stream orders .* Limit: 50\.$/));
  assert.throws(check(5, 5, false), refused(/in CREATING for stream orders .* Limit: 5\.$/));
});

test("without a table there is no quota", () => {
  const place = { account, region: "us-east-1" };
  checkShardCount(undefined, place, { openCount: 1e9, additional: 1 });
  checkOnDemandStreams(undefined, place, 1e9);
  checkCreatingStreams(undefined, account, 1e9);
  checkConsumers(undefined, stream, { registeredCount: 1e9, creatingCount: 1e9, isCommitted: false });
});
