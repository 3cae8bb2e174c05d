import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeShardIterator,
  encodeShardIterator,
  tokenExpiry,
} from "../../../../src/streams/tokens/shard-iterator.ts";
import { TokenCipher } from "../../../../src/streams/tokens/token-cipher.ts";

const cipher = new TokenCipher({ tokenKey: Buffer.alloc(32, 1), bootId: Buffer.alloc(16, 2) });

test("an iterator survives sealing and stays within the API's 512 characters", () => {
  const iterators = fc.record(
    {
      createdMs: fc.nat({ max: 2 ** 47 }),
      account: fc.constant("123456789012"),
      region: fc.constantFrom("eu-west-1", "us-gov-west-1", "a".repeat(64)),
      streamName: fc.string({ minLength: 1, maxLength: 128, unit: fc.constantFrom("a", "Z", "9", "_", ".", "-") }),
      streamId: fc.uuid(),
      shardIndex: fc.nat({ max: 2 ** 31 - 1 }),
      position: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(iterators, (iterator) => {
      const text = encodeShardIterator(cipher, iterator);
      assert.ok(text.length <= 512);
      assert.deepEqual(decodeShardIterator(cipher, text), iterator);
    }),
  );
});

test("a page token is no iterator", () => {
  assert.equal(decodeShardIterator(cipher, cipher.encrypt("shards", Buffer.alloc(100))), undefined);
  assert.equal(decodeShardIterator(cipher, "AAAAAAAAAAEbad"), undefined);
});

test("a token lives for 300,000 ms", () => {
  assert.equal(tokenExpiry({ createdMs: 1000 }, 301_000), undefined);
  assert.deepEqual(tokenExpiry({ createdMs: 1000 }, 301_001), { createdMs: 1000, nowMs: 301_001 });
  // A clock that was set back makes no token old.
  assert.equal(tokenExpiry({ createdMs: 1000 }, 0), undefined);
});
