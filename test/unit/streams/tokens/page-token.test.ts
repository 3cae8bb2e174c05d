import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePageToken, encodePageToken } from "../../../../src/streams/tokens/page-token.ts";
import { TokenCipher } from "../../../../src/streams/tokens/token-cipher.ts";

const cipher = new TokenCipher({ tokenKey: Buffer.alloc(32, 1), bootId: Buffer.alloc(16, 2) });
const place = { createdMs: 1, account: "123456789012", region: "eu-west-1" };

test("page tokens carry filter and place, each kind its own", () => {
  const shards = {
    ...place,
    streamName: "orders",
    streamId: "id",
    filter: { type: "AT_TIMESTAMP", timeMs: 5 },
    afterIndex: 3,
  } as const;
  const token = encodePageToken(cipher, "shards", shards);
  assert.deepEqual(decodePageToken(cipher, "shards", token), shards);
  assert.equal(decodePageToken(cipher, "streams", token), undefined);
  const streams = { ...place, afterName: "orders" };
  assert.deepEqual(decodePageToken(cipher, "streams", encodePageToken(cipher, "streams", streams)), streams);
  assert.equal(decodePageToken(cipher, "streams", "nonsense"), undefined);
});
