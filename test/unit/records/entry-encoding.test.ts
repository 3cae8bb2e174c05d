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
  dataKeyIdOf,
  decodeEntry,
  type EntryEncoding,
  encodeBatch,
  entryIdentityOf,
  isEncoded,
  plainBytesOf,
} from "../../../src/records/entry-encoding.ts";
import { ShardMap } from "../../../src/streams/hash-keys/shard-map.ts";
import { incomingRecords } from "../../support/incoming-records-of.ts";
import { streamOf } from "../streams/stream-of.ts";
import { groupsOf } from "./groups-of.ts";

const map = new ShardMap(streamOf(1).shards);
const cipher = new SessionCipher({ rootKey: Buffer.alloc(32, 7), session: randomBytes(16), purpose: "test" });
const seal = { cipher, keyNumber: 3 };

function appendOf(data: string, shardIndex = 0): Append {
  const [group] = groupsOf(batchByShard(incomingRecords([{ key: "key", data }]), map, undefined, { kms: true }));
  assert.ok(group !== undefined);
  const shard = { streamId: "stream-1", shardIndex, placement: {} };
  return { shard, entry: { count: 1, timeMs: 1_700_000_000_000, body: group.body.slice() } };
}

/** The bodies as they are stored: out of the pool. */
function pack(appends: readonly Append[], packing: EntryEncoding): readonly Uint8Array[] {
  const batch = toAppendBatch(appends);
  const { bytes, bodyStarts, bodyBytes, ...rest } = encodeBatch(batch, packing);
  const { bytes: _, bodyStarts: __, bodyBytes: ___, ...before } = batch;
  assert.deepEqual(rest, before);
  return appends.map((_append, index) => {
    const start = bodyStarts[index] ?? 0;
    return Uint8Array.from(bytes.subarray(start, start + (bodyBytes[index] ?? 0)));
  });
}

function packOne(append: Append, packing: EntryEncoding): Uint8Array {
  const [packed] = pack([append], packing);
  assert.ok(packed !== undefined);
  return packed;
}

function open(body: Uint8Array, { shard, entry }: Append, by = cipher): Uint8Array {
  return decodeEntry(body, by, entryIdentityOf(shard, entry));
}

const isCorrupt = (error: unknown) => error instanceof EngineError && error.kind === "corrupt";

test("bodies come back as they were laid out, sealed or compressed or both, one behind the other in one request", () => {
  const data = fc.oneof(
    fc.string({ unit: "binary-ascii", maxLength: 600 }),
    fc.nat({ max: 6_000 }).map((n) => "ab".repeat(n)),
  );
  fc.assert(
    fc.property(
      fc.array(data, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      fc.boolean(),
      (texts, compresses, seals) => {
        const appends = texts.map((text, index) => appendOf(text, index));
        const packed = pack(appends, { compresses, seal: seals ? seal : undefined });
        for (const [index, append] of appends.entries()) {
          const body = packed[index];
          assert.ok(body !== undefined);
          const clear = append.entry.body;
          assert.ok(body.length <= clear.length + (seals ? 12 + ENCRYPTION_OVERHEAD_BYTES : 0));
          if (!isEncoded(body)) {
            assert.equal(seals, false);
            assert.deepEqual(Buffer.from(body), Buffer.from(clear));
            continue;
          }
          assert.equal(dataKeyIdOf(body), seals ? 3 : undefined);
          assert.equal(plainBytesOf(body), clear.length);
          assert.deepEqual(Buffer.from(open(body, append)), Buffer.from(clear));
        }
      },
    ),
  );
});

test("what compression does not make smaller is stored as it is", () => {
  const append = appendOf(randomBytes(2_000).toString("latin1"));
  assert.deepEqual(Buffer.from(packOne(append, { compresses: true })), Buffer.from(append.entry.body));
  const repeated = packOne(appendOf("ab".repeat(1_000)), { compresses: true });
  assert.ok(repeated.length < 100);
});

test("any flipped bit of a sealed body is an error, and so is any byte too many or too few", () => {
  const shapes: readonly (readonly [string, EntryEncoding])[] = [
    ["twenty clear bytes..", { compresses: false, seal }],
    ["ab".repeat(200), { compresses: true, seal }],
  ];
  for (const [data, packing] of shapes) {
    const append = appendOf(data);
    const body = packOne(append, packing);
    for (let bit = 0; bit < body.length * 8; bit++) {
      const changed = body.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => open(changed, append), isCorrupt, `bit ${bit}`);
    }
    assert.throws(() => open(Buffer.concat([body, Buffer.of(0)]), append), isCorrupt);
    for (let bytes = 0; bytes < body.length; bytes++)
      assert.throws(() => open(body.slice(0, bytes), append), isCorrupt);
  }
});

test("a sealed body opens in its own stream and shard, with its own count and time, and under its own key only", () => {
  const append = appendOf("data");
  const body = packOne(append, { compresses: false, seal });
  const { shard, entry } = append;
  const elsewhere: readonly Append[] = [
    { shard: { ...shard, streamId: "stream-2" }, entry },
    { shard: { ...shard, shardIndex: 1 }, entry },
    { shard, entry: { ...entry, count: 2 } },
    { shard, entry: { ...entry, timeMs: entry.timeMs + 1 } },
  ];
  for (const other of elsewhere) assert.throws(() => open(body, other), isCorrupt);
  const foreign = new SessionCipher({ rootKey: Buffer.alloc(32, 8), session: randomBytes(16), purpose: "test" });
  assert.throws(() => open(body, append, foreign), isCorrupt);
  assert.throws(() => decodeEntry(body, undefined, entryIdentityOf(shard, entry)), isCorrupt);
  assert.doesNotThrow(() => open(body, append));
});

test("a damaged compressed body is never more than the bytes it says, whatever stands in it", () => {
  const append = appendOf("ab".repeat(20_000));
  const body = packOne(append, { compresses: true });
  const shrunk = Buffer.from(body);
  shrunk.writeUInt32LE(plainBytesOf(body) - 1, 8);
  assert.throws(() => open(shrunk, append), isCorrupt);
  const grown = Buffer.from(body);
  grown.writeUInt32LE(plainBytesOf(body) + 1, 8);
  assert.throws(() => open(grown, append), isCorrupt);
  const vast = Buffer.from(body);
  vast.writeUInt32LE(2 ** 31, 8);
  assert.throws(() => plainBytesOf(vast), isCorrupt);
});
