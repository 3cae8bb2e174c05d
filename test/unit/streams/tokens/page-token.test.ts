import assert from "node:assert/strict";
import { test } from "node:test";
import { openPageToken, sealPageToken } from "../../../../src/streams/tokens/page-token.ts";
import { TokenSealer } from "../../../../src/streams/tokens/token-sealer.ts";

const sealer = new TokenSealer({ masterKey: Buffer.alloc(32, 1), bootId: Buffer.alloc(16, 2) });
const place = { createdMs: 1, account: "123456789012", region: "eu-west-1" };

test("page tokens carry filter and place, each kind its own", () => {
  const shards = {
    ...place,
    streamName: "orders",
    streamId: "id",
    filter: { type: "AT_TIMESTAMP", timeMs: 5 },
    afterIndex: 3,
  } as const;
  const token = sealPageToken(sealer, "shards", shards);
  assert.deepEqual(openPageToken(sealer, "shards", token), shards);
  assert.equal(openPageToken(sealer, "streams", token), undefined);
  const streams = { ...place, afterName: "orders" };
  assert.deepEqual(openPageToken(sealer, "streams", sealPageToken(sealer, "streams", streams)), streams);
  assert.equal(openPageToken(sealer, "streams", "nonsense"), undefined);
});
