import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { ENCRYPTION_OVERHEAD_BYTES, SessionCipher } from "../../../src/cipher/session-cipher.ts";
import { toAppendBatch } from "../../../src/engine/append-batch.ts";
import { EngineError } from "../../../src/engine/engine-error.ts";
import type { Append } from "../../../src/engine/shard-log.ts";
import { batchByShard } from "../../../src/records/batch-by-shard.ts";
import {
  decodedLengthOf,
  decodeEntry,
  type EntryEncoding,
  encodeBatch,
  entryIdentityOf,
  isEncoded,
  keyNumberOf,
} from "../../../src/records/entry-encoding.ts";
import { ShardMap } from "../../../src/streams/hash-keys/shard-map.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { streamOf } from "../streams/stream-of.ts";
import { batchesOf } from "./batches-of.ts";

const map = new ShardMap(streamOf(1).shards);
const cipher = new SessionCipher({ rootKey: Buffer.alloc(32, 7), session: randomBytes(16), purpose: "test" });
const key = { cipher, keyNumber: 3 };

function appendOf(data: string, shardIndex = 0): Append {
  const [first] = batchesOf(batchByShard(incomingRecords([{ key: "key", data }]), map, undefined, { kms: true }));
  assert.ok(first !== undefined);
  const shard = { streamId: "stream-1", shardIndex, placement: {} };
  return { shard, entry: { count: 1, timeMs: 1_700_000_000_000, body: first.body.slice() } };
}

/** Copies of the bodies as they are stored. */
function encode(appends: readonly Append[], encoding: EntryEncoding): readonly Uint8Array[] {
  const batch = toAppendBatch(appends);
  const encoded = encodeBatch(batch, encoding);
  const { bytes, bodyStarts, bodyBytes, ...rest } = encoded.batch;
  const { bytes: _, bodyStarts: __, bodyBytes: ___, ...before } = batch;
  assert.deepEqual(rest, before);
  const bodies = appends.map((_append, index) => {
    const start = bodyStarts[index] ?? 0;
    return Uint8Array.from(bytes.subarray(start, start + (bodyBytes[index] ?? 0)));
  });
  encoded.lease[Symbol.dispose]();
  return bodies;
}

function encodeOne(append: Append, encoding: EntryEncoding): Uint8Array {
  const [encoded] = encode([append], encoding);
  assert.ok(encoded !== undefined);
  return encoded;
}

function decode(body: Uint8Array, { shard, entry }: Append, by = cipher): Uint8Array {
  return decodeEntry(body, by, entryIdentityOf(shard, entry));
}

const isCorrupt = (error: unknown) => error instanceof EngineError && error.kind === "corrupt";

test("bodies come back as they were, encrypted or compressed or both, one behind the other in one request", () => {
  const data = fc.oneof(
    fc.string({ unit: "binary-ascii", maxLength: 600 }),
    fc.nat({ max: 6_000 }).map((n) => "ab".repeat(n)),
  );
  fc.assert(
    fc.property(
      fc.array(data, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      fc.boolean(),
      (texts, compresses, encrypts) => {
        const appends = texts.map((text, index) => appendOf(text, index));
        const encoded = encode(appends, { compresses, key: encrypts ? key : undefined });
        for (const [index, append] of appends.entries()) {
          const body = encoded[index];
          assert.ok(body !== undefined);
          const plain = append.entry.body;
          assert.ok(body.length <= plain.length + (encrypts ? 12 + ENCRYPTION_OVERHEAD_BYTES : 0));
          if (!isEncoded(body)) {
            assert.equal(encrypts, false);
            assert.deepEqual(Buffer.from(body), Buffer.from(plain));
            continue;
          }
          assert.equal(keyNumberOf(body), encrypts ? 3 : undefined);
          assert.equal(decodedLengthOf(body), plain.length);
          assert.deepEqual(Buffer.from(decode(body, append)), Buffer.from(plain));
        }
      },
    ),
  );
});

test("what compression does not make smaller is stored as it is", () => {
  const append = appendOf(randomBytes(2_000).toString("latin1"));
  assert.deepEqual(Buffer.from(encodeOne(append, { compresses: true })), Buffer.from(append.entry.body));
  const repeated = encodeOne(appendOf("ab".repeat(1_000)), { compresses: true });
  assert.ok(repeated.length < 100);
});

test("any flipped bit of an encrypted body is an error, and so is any byte too many or too few", () => {
  const shapes: readonly (readonly [string, EntryEncoding])[] = [
    ["twenty plain bytes..", { compresses: false, key }],
    ["ab".repeat(200), { compresses: true, key }],
  ];
  for (const [data, encoding] of shapes) {
    const append = appendOf(data);
    const body = encodeOne(append, encoding);
    for (let bit = 0; bit < body.length * 8; bit++) {
      const changed = body.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => decode(changed, append), isCorrupt, `bit ${bit}`);
    }
    assert.throws(() => decode(Buffer.concat([body, Buffer.of(0)]), append), isCorrupt);
    for (let bytes = 0; bytes < body.length; bytes++)
      assert.throws(() => decode(body.slice(0, bytes), append), isCorrupt);
  }
});

test("an encrypted body decodes in its own stream and shard, with its own count and time, and under its own key only", () => {
  const append = appendOf("data");
  const body = encodeOne(append, { compresses: false, key });
  const { shard, entry } = append;
  const elsewhere: readonly Append[] = [
    { shard: { ...shard, streamId: "stream-2" }, entry },
    { shard: { ...shard, shardIndex: 1 }, entry },
    { shard, entry: { ...entry, count: 2 } },
    { shard, entry: { ...entry, timeMs: entry.timeMs + 1 } },
  ];
  for (const other of elsewhere) assert.throws(() => decode(body, other), isCorrupt);
  const foreign = new SessionCipher({ rootKey: Buffer.alloc(32, 8), session: randomBytes(16), purpose: "test" });
  assert.throws(() => decode(body, append, foreign), isCorrupt);
  assert.throws(() => decodeEntry(body, undefined, entryIdentityOf(shard, entry)), isCorrupt);
  assert.doesNotThrow(() => decode(body, append));
});

test("a damaged compressed body is never more than the bytes it says, whatever is in it", () => {
  const append = appendOf("ab".repeat(20_000));
  const body = encodeOne(append, { compresses: true });
  const shrunk = Buffer.from(body);
  shrunk.writeUInt32LE(decodedLengthOf(body) - 1, 8);
  assert.throws(() => decode(shrunk, append), isCorrupt);
  const grown = Buffer.from(body);
  grown.writeUInt32LE(decodedLengthOf(body) + 1, 8);
  assert.throws(() => decode(grown, append), isCorrupt);
  const vast = Buffer.from(body);
  vast.writeUInt32LE(2 ** 31, 8);
  assert.throws(() => decodedLengthOf(vast), isCorrupt);
});
