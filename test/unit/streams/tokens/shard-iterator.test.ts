import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type ShardIterator, ShardIterators, tokenExpiry } from "../../../../src/streams/tokens/shard-iterator.ts";
import { TokenCipher } from "../../../../src/streams/tokens/token-cipher.ts";
import { retainedBytes } from "../../../support/retained-bytes.ts";

const cipher = new TokenCipher({ tokenKey: Buffer.alloc(32, 1), bootId: Buffer.alloc(16, 2) });
const iteratorsOf = () => new ShardIterators(cipher);
const anIterator: ShardIterator = {
  createdMs: 1_700_000_000_000,
  account: "123456789012",
  region: "eu-west-1",
  streamName: "orders",
  streamId: "0b0e2a5c-8f0e-4a4e-9d0c-4f1f2d3c4b5a",
  shardIndex: 3,
  position: 1n,
};

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
      const made = iteratorsOf();
      const text = made.encode(iterator);
      assert.ok(text.length <= 512);
      assert.deepEqual(made.decode(text), iterator);
      assert.deepEqual(iteratorsOf().decode(text), iterator);
    }),
  );
});

test("an iterator is read whether it is still kept, is kept no longer, or was made by another process", () => {
  const made = iteratorsOf();
  const iteratorAt = (position: bigint): ShardIterator => ({ ...anIterator, position });
  const texts = Array.from({ length: 5000 }, (_, i) => made.encode(iteratorAt(BigInt(i))));
  for (const i of [0, 1000, 2047, 2048, 3500, 4999]) {
    assert.deepEqual(made.decode(texts[i] ?? ""), iteratorAt(BigInt(i)));
    assert.deepEqual(iteratorsOf().decode(texts[i] ?? ""), iteratorAt(BigInt(i)));
    assert.equal(cipher.decrypt("shards", texts[i] ?? ""), undefined);
  }
});

test("fear: an iterator that is kept to be read again keeps the pool of buffers that it came from", () => {
  const made = iteratorsOf();
  const count = 4_000;
  const text = iteratorsOf().encode(anIterator);
  // What a server does between two iterators uses the pool too.
  const work = (): void => {
    for (let i = 0; i < count; i++) {
      made.decode(made.encode(iteratorsOf().decode(text) ?? anIterator));
      for (let other = 0; other < 10; other++) Buffer.allocUnsafe(8 * 1024);
    }
  };
  const bytes = retainedBytes(work);
  assert(bytes < count * 2_000, `${bytes}`);
  assert.equal(made.decode("none"), undefined);
});

test("a page token is no iterator", () => {
  assert.equal(iteratorsOf().decode(cipher.encrypt("shards", Buffer.alloc(100))), undefined);
  assert.equal(iteratorsOf().decode("AAAAAAAAAAEbad"), undefined);
});

test("a token lives for 300,000 ms", () => {
  assert.equal(tokenExpiry({ createdMs: 1000 }, 301_000), undefined);
  assert.deepEqual(tokenExpiry({ createdMs: 1000 }, 301_001), { createdMs: 1000, nowMs: 301_001 });
  // A clock that was set back makes no token old.
  assert.equal(tokenExpiry({ createdMs: 1000 }, 0), undefined);
});
