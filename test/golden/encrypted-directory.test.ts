// Every byte of an encrypted directory, against files that only a change of the format's version may change; and those files,
// opened as a directory that an earlier build has left.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  decodeFormatFile,
  encodeFormatFile,
  formatFlagsOffset,
  formatVersionOffset,
  identityOf,
} from "../../src/engine/embedded/format/format-file.ts";
import { decodeKeyFile } from "../../src/engine/embedded/format/key-file.ts";
import { contentLengthOf } from "../../src/engine/embedded/format/mirrored-file.ts";
import { verifyDirectory } from "../../src/engine/embedded/offline/verify-directory.ts";
import { countedBytes, masterKey } from "../support/directory-keys.ts";
import { eagerCompaction, makeShard, openSmallEngine, readTexts, store } from "../support/embedded-engine.ts";
import { SimulatedDisk } from "../support/simulated-disk.ts";

const goldenUrl = new URL("./encrypted-directory.json", import.meta.url);
/** Set when the version has changed, to write down what the bytes are now. */
const writesGolden = process.env["MILLRACE_WRITE_GOLDEN"] !== undefined;

/**
 * A segment, a manifest, snapshots, and a log that was closed properly. Compaction ends before each step, so that the bytes
 * do not depend on when it runs.
 */
async function makeDirectory(): Promise<SimulatedDisk> {
  const random = countedBytes();
  const disk = new SimulatedDisk();
  const options = {
    keys: masterKey("golden", random),
    randomBytes: random,
    walFileBytes: 16 * 1024,
    groupBytesMax: 4 * 1024,
    compaction: eagerCompaction,
  };
  const engine = await openSmallEngine(disk, options);
  const a = await makeShard(engine, "stream a");
  await engine.settled();
  const b = await makeShard(engine, "stream b", 7);
  await engine.settled();
  await store(engine, a, "one", "two");
  await engine.settled();
  await engine.documents.compareAndSwap("key", Buffer.from("value"), 0n);
  await engine.settled();
  await store(engine, b, "three");
  await engine.settled();
  await engine.log.seal(b, "operation");
  await engine.settled();
  await engine.close();
  return disk;
}

/** Long runs of zeros are padding, and are written as their number. */
function hexOf(bytes: Buffer): string {
  return bytes.toString("hex").replace(/(?:00){32,}/g, (zeros) => ` ${zeros.length / 2}x00 `);
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(
    hex.replace(/ (\d+)x00 /g, (_, count) => "00".repeat(Number(count))),
    "hex",
  );
}

function readGolden(): Record<string, string> {
  return JSON.parse(readFileSync(goldenUrl, "utf8"));
}

test("an encrypted directory is written as the document draws it", async () => {
  const disk = await makeDirectory();
  const found = Object.fromEntries(disk.paths().map((path) => [path, hexOf(disk.bytesOf(path))]));
  if (writesGolden) writeFileSync(goldenUrl, `${JSON.stringify(found, undefined, 2)}\n`);
  const golden = readGolden();
  assert.deepEqual(Object.keys(found), Object.keys(golden));
  for (const [path, hex] of Object.entries(golden)) {
    assert.equal(found[path], hex, `${path}; a change of these bytes is a new version of the format`);
  }
});

test("an encrypted directory that an earlier build has left is whole, and read back", async () => {
  const disk = new SimulatedDisk();
  for (const directory of ["/data", "/data/wal", "/data/catalog", "/data/segments"])
    await disk.makeDirectory(directory);
  for (const [path, hex] of Object.entries(readGolden())) disk.place(path, bytesOf(hex));
  const keys = masterKey("golden");
  const { problems, counts } = await verifyDirectory(disk, "/data", keys);
  assert.deepEqual(problems, []);
  assert.deepEqual([counts.segments, counts.snapshots, counts.documents], [1, 2, 1]);
  const engine = await openSmallEngine(disk, { keys });
  assert.deepEqual(await readTexts(engine, await makeShard(engine, "stream a")), ["one", "two"]);
  const sealed = await makeShard(engine, "stream b", 7);
  assert.deepEqual(await readTexts(engine, sealed), ["three"]);
  assert.deepEqual(await engine.log.seal(sealed, "again"), { end: 2n });
  assert.equal(Buffer.from((await engine.documents.get("key"))?.value ?? "").toString(), "value");
  await engine.close();
});

const identity = identityOf(Buffer.from("an id of 16 byte"), Buffer.from("saltsalt"));

test("the format file of version 3 says whether there is a manifest, and is read back", () => {
  for (const hasSegments of [true, false]) {
    const format = {
      identity,
      devClock: hasSegments,
      madeMs: 5,
      isEncrypted: true,
      ...(hasSegments ? { hasSegments } : {}),
    } as const;
    const bytes = encodeFormatFile(format);
    assert.deepEqual(
      [bytes.readUInt32LE(formatVersionOffset), bytes.readUInt32LE(formatFlagsOffset)],
      [3, hasSegments ? 7 : 2],
    );
    assert.deepEqual(decodeFormatFile(bytes, "/data"), format);
  }
});

test("half a key file with any flipped bit, or cut anywhere, is no key file", async () => {
  const disk = await makeDirectory();
  const { identity: own } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
  const half = disk.bytesOf("/data/directory.key").subarray(0, 4096);
  assert.notEqual(decodeKeyFile(half, own), undefined);
  const used = contentLengthOf(half);
  for (let bit = 0; bit < 8 * used + 64; bit++) {
    const flipped = Buffer.from(half);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(decodeKeyFile(flipped, own), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < used; length++) assert.equal(decodeKeyFile(half.subarray(0, length), own), undefined);
  assert.equal(decodeKeyFile(half, identity), undefined, "of another directory");
});
