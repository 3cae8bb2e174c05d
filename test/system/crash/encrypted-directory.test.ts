// An attacker with the disk and without the key can read nothing that was written, and change nothing undetected.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { CIPHERTEXT_OFFSET } from "../../../src/cipher/session-cipher.ts";
import type { EmbeddedEngine } from "../../../src/engine/embedded/embedded-engine.ts";
import { closeGroup, groupHeaderBytes, readGroupHeader } from "../../../src/engine/embedded/format/commit-group.ts";
import { decodeFormatFile } from "../../../src/engine/embedded/format/format-file.ts";
import {
  type FrameHeader,
  type FrameKind,
  frameCountAt,
  frameHeaderBytes,
  frameKind,
  frameKindAt,
  frameLengthAt,
  frameLogIdAt,
  framePositionAt,
  frameSpanAt,
  frameStoredMsAt,
  frameTimeMsAt,
  frameVerifies,
  wholeSlice,
  writeFrame,
} from "../../../src/engine/embedded/format/frame.ts";
import { walHeaderBytes } from "../../../src/engine/embedded/format/wal-file.ts";
import { verifyDirectory } from "../../../src/engine/embedded/offline/verify-directory.ts";
import { snapshotChecksumBytes } from "../../../src/engine/embedded/state/snapshot.ts";
import type { ShardRef } from "../../../src/engine/shard-log.ts";
import { countedBytes, masterKey } from "../../support/directory-keys.ts";
import {
  eagerCompaction,
  makeShard,
  openSmallEngine,
  readTexts,
  smallEngine,
  store,
} from "../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const keys = masterKey("of the test");
const options = { keys, randomBytes: countedBytes() };
const firstWal = "/data/wal/0000000001.wal";

/** One word for each thing that must not be found. */
const words = {
  record: "XYLOPHONE-record-data",
  stream: "XYLOPHONE-stream-name",
  operation: "XYLOPHONE-operation",
  key: "XYLOPHONE-document-key",
  value: "XYLOPHONE-policy-and-tags",
  gone: "XYLOPHONE-was-deleted",
};

async function fill(engine: EmbeddedEngine): Promise<void> {
  const shard = await makeShard(engine, words.stream);
  for (let index = 0; index < 8; index++) await store(engine, shard, `${words.record} ${"x".repeat(4_000)}`);
  const revision = await engine.documents.compareAndSwap(words.key, Buffer.from(words.value), 0n);
  await engine.documents.compareAndSwap(words.key, Buffer.from(`${words.value} again`), revision);
  const gone = await engine.documents.compareAndSwap(words.gone, Buffer.from(words.gone), 0n);
  await engine.documents.compareAndSwap(words.gone, null, gone);
  await engine.log.seal(shard, words.operation);
  await engine.log.dropShard(await makeShard(engine, words.gone, 3));
}

/** A directory with everything that there may be in one: segments, files used again, snapshots, a report of damage. */
async function fullDirectory(more: Partial<Parameters<typeof smallEngine>[1]>): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const small = { ...more, walFileBytes: 24 * 1024, groupBytesMax: 8 * 1024, snapshotAfterBytes: 300 };
  const engine = await openSmallEngine(disk, { ...small, compaction: eagerCompaction });
  await fill(engine);
  await engine.settled();
  await engine.close();
  const again = await openSmallEngine(disk, small);
  await store(again, await makeShard(again, `${words.stream}-2`), words.record, words.record);
  const killed = disk.crash("lose");
  const last = killed.paths().findLast((path) => path.endsWith(".wal")) ?? "";
  killed.damage(last, (bytes) => bytes.fill(7, walHeaderBytes + 4096 + 100, walHeaderBytes + 4096 + 110));
  await openSmallEngine(killed, small);
  return killed;
}

function found(disk: SimulatedDisk): readonly string[] {
  const all = disk.paths().map((path) => `${path} ${disk.bytesOf(path).toString("latin1")}`);
  return Object.entries(words).flatMap(([what, word]) => (all.some((text) => text.includes(word)) ? [what] : []));
}

test("no record, name, key or document stands in the bytes of an encrypted directory", async () => {
  const plain = await fullDirectory({});
  assert.deepEqual(found(plain), Object.keys(words), "each of them stands in a plain one");
  const disk = await fullDirectory(options);
  assert.deepEqual(found(disk), []);
  assert(!disk.paths().some((path) => disk.bytesOf(path).includes("XYLOPHONE")));
  for (const part of ["segments/0", "segments/manifest", ".snapshot", ".wal", "damage/", "format", "directory.key"]) {
    assert(
      disk.paths().some((path) => path.includes(part)),
      `there is a ${part} among ${disk.paths().join(" ")}`,
    );
  }
});

test("no two bodies in all of an encrypted directory were encrypted with the same nonce of the same session", async () => {
  let disk = new SimulatedDisk();
  for (const ending of ["closed", "killed", "killed", "closed"]) {
    const engine = await openSmallEngine(disk, options);
    const shard = await makeShard(engine);
    for (let index = 0; index < 5; index++) await store(engine, shard, "the same text", "the same text");
    if (ending === "closed") await engine.close();
    disk = disk.crash("lose");
  }
  const nonces: string[] = [];
  for (const path of disk.paths().filter((name) => name.endsWith(".wal"))) {
    const bytes = disk.bytesOf(path);
    for (const at of framesOf(bytes, disk))
      nonces.push(bytes.toString("hex", at + frameHeaderBytes, at + frameHeaderBytes + CIPHERTEXT_OFFSET));
  }
  assert(nonces.length > 40);
  assert.equal(new Set(nonces).size, nonces.length);
});

/** Where frames stand in a file of the log. */
function framesOf(bytes: Buffer, disk: SimulatedDisk): readonly number[] {
  const { identity } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
  const frames: number[] = [];
  for (let groupAt = walHeaderBytes; ; ) {
    const header = readGroupHeader(bytes, groupAt, identity);
    if (header === undefined) return frames;
    for (let at = groupHeaderBytes; at < header.used; at += frameSpanAt(bytes, groupAt + at)) {
      frames.push(groupAt + at);
    }
    groupAt += header.length;
  }
}

function frameHeaderAt(bytes: Buffer, at: number): FrameHeader {
  return {
    kind: frameKindAt(bytes, at) as FrameKind,
    count: frameCountAt(bytes, at),
    logId: frameLogIdAt(bytes, at),
    position: framePositionAt(bytes, at),
    timeMs: frameTimeMsAt(bytes, at),
    storedMs: frameStoredMsAt(bytes, at),
  };
}

/** Exchanges the bodies of two frames of the same length, and makes every checksum fit again. */
function exchange(disk: SimulatedDisk, path: string, kind: number): void {
  const { identity } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
  disk.damage(path, (bytes) => {
    const isSegment = path.endsWith(".segment");
    const candidates = isSegment ? segmentFrames(bytes, identity.seed) : framesOf(bytes, disk);
    const [one = 0, other = 0] = candidates.filter((at) => frameKindAt(bytes, at) === kind);
    const length = frameLengthAt(bytes, one);
    assert(one !== other && length === frameLengthAt(bytes, other));
    const bodies = [other, one].map((at) => Buffer.from(bytes.subarray(at + frameHeaderBytes, at + length)));
    for (const [index, at] of [one, other].entries()) {
      writeFrame(bytes, at, frameHeaderAt(bytes, at), wholeSlice(bodies[index] ?? assert.fail()), identity.seed);
      assert(frameVerifies(bytes, at, bytes.length, identity.seed));
    }
    for (let groupAt = walHeaderBytes; !isSegment; ) {
      const header = readGroupHeader(bytes, groupAt, identity);
      if (header === undefined) break;
      closeGroup(bytes.subarray(groupAt, groupAt + header.length), header, identity);
      groupAt += header.length;
    }
    return bytes;
  });
}

function segmentFrames(bytes: Buffer, seed: number): readonly number[] {
  const frames: number[] = [];
  for (let at = 4096; frameVerifies(bytes, at, bytes.length, seed); at += (frameLengthAt(bytes, at) + 7) & ~7) {
    frames.push(at);
  }
  return frames;
}

async function twoEntries(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, options);
  const [shard, other] = [await makeShard(engine, "one"), await makeShard(engine, "two")];
  await store(engine, shard, "text 1", "text 2", "text 3");
  await store(engine, other, "text 4");
  return disk.crash("lose");
}

const one: ShardRef = { streamId: "one", shardIndex: 0, placement: { log: 1 } };

test("two entries whose bodies were exchanged, checksums made to fit, answer corrupt instead of each other's records", async () => {
  const disk = await twoEntries();
  exchange(disk, firstWal, frameKind.entry);
  assert.deepEqual((await verifyDirectory(disk, "/data")).problems, [], "no checksum tells");
  assert.match(
    (await verifyDirectory(disk, "/data", keys)).problems.join(),
    /group 3 in wal\/0000000001\.wal at byte 16384 has a frame that the directory's key does not open/,
  );
  for (const tailWindowBytes of [0, 32 * 1024]) {
    const engine = await openSmallEngine(disk.crash("lose"), { ...options, tailWindowBytes });
    await assert.rejects(readTexts(engine, one), {
      kind: "corrupt",
      message: /record 1 of shard 0 of stream one cannot be read/,
    });
    const third = await engine.log.read(one, 3n, { entriesMax: 1, bytesMax: 1000 });
    assert.equal(Buffer.from(third.entries[0]?.body ?? "").toString(), "text 3");
  }
});

test("a page is as long as its limit in the clear, whatever encryption adds", async () => {
  for (const tailWindowBytes of [0, 32 * 1024]) {
    const engine = await openSmallEngine(new SimulatedDisk(), { ...options, tailWindowBytes });
    const shard = await makeShard(engine, "one");
    await store(engine, shard, ..."abcd".split("").map((letter) => letter.repeat(100)));
    for (const [bytesMax, count] of [
      [199, 1],
      [200, 2],
      [399, 3],
      [400, 4],
    ] as const) {
      const page = await engine.log.read(shard, 1n, { entriesMax: 10, bytesMax });
      assert.equal(page.entries.length, count, `${bytesMax} bytes`);
    }
  }
});

test("entries in a segment whose bodies were exchanged answer corrupt too", async () => {
  const disk = new SimulatedDisk();
  const small = { ...options, walFileBytes: 16 * 1024, groupBytesMax: 4 * 1024 };
  const engine = await openSmallEngine(disk, { ...small, compaction: eagerCompaction });
  const shard = await makeShard(engine, "one");
  for (let index = 0; index < 6; index++) await store(engine, shard, `text ${index}`, `more ${index}`);
  await engine.settled();
  await engine.close();
  const path = disk.paths().find((name) => name.endsWith(".segment")) ?? "";
  exchange(disk, path, frameKind.entry);
  assert.deepEqual((await verifyDirectory(disk, "/data")).problems, []);
  assert.match(
    (await verifyDirectory(disk, "/data", keys)).problems.join(),
    /cannot be decrypted with the directory's key/,
  );
  const again = await openSmallEngine(disk, small);
  await assert.rejects(readTexts(again, one), { kind: "corrupt" });
});

test("control frames whose bodies were exchanged refuse the directory as corrupt", async () => {
  const disk = await twoEntries();
  exchange(disk, firstWal, frameKind.createLog);
  const message = "The log is damaged: group 1 has a frame that the directory's key does not open.";
  await assert.rejects(smallEngine(disk, options).open(), { kind: "corrupt", message });
  assert.deepEqual((await verifyDirectory(disk, "/data", keys)).problems, [message]);
});

test("a snapshot that the key does not open is damaged like any other: the log still holds what it held", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk, { ...options, snapshotAfterBytes: 1 });
  await store(engine, await makeShard(engine, "one"), "text");
  await engine.close();
  const { identity } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
  const newest = disk.paths().findLast((path) => path.endsWith(".snapshot")) ?? "";
  disk.damage(newest, (bytes) => {
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    const checksumAt = bytes.length - snapshotChecksumBytes;
    bytes.writeUInt32LE(crc32(bytes.subarray(0, checksumAt), identity.seed), checksumAt);
    return bytes;
  });
  const again = await openSmallEngine(disk, options);
  assert.match((await again.health()).degraded[0] ?? "", /^The snapshot catalog\/\d+\.snapshot is damaged/);
  assert.deepEqual(await readTexts(again, one), ["text"]);
});
