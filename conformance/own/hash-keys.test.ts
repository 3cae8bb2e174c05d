import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ok } from "../support/call.ts";
import { untilActive, withStream } from "../support/stream-fixture.ts";

/** MD5 of the key's UTF-8 bytes as a number. On the service each row would take minutes. */
const hashes = {
  a: "16955237001963240173058271559858726497",
  b: "195289424170611159128911017612795795343",
  e: "299611584147932843547128611849858313266",
  f: "190917122200326810055233066464581373159",
  "1": "261578874264819908609102035485573088411",
  é: "136732923097551493579404309126273812335",
  "😀": "55842721998748738903166261021950683062",
  日本: "103341369634063465466164320543046703539",
} as const;

describe("Hash keys", () => {
  for (const [PartitionKey, hash] of Object.entries(hashes)) {
    test(`the key ${PartitionKey} lies at ${hash} exactly`, () =>
      withStream({}, async ({ StreamName }) => {
        const shardAfter = async (ShardToSplit: string, at: bigint) => {
          await ok("SplitShard", { StreamName, ShardToSplit, NewStartingHashKey: at.toString() });
          await untilActive(StreamName);
          return (await ok("PutRecord", { StreamName, Data: "", PartitionKey })).ShardId.slice(-1);
        };
        assert.equal(await shardAfter("0", BigInt(hash)), "2", "the upper child begins at the key");
        assert.equal(await shardAfter("2", BigInt(hash) + 2n), "3", "the lower child holds it and the next");
      }));
  }
});
