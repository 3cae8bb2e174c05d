// Every byte on disk, against files that only a change of the format's version may change.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  closeGroup,
  groupBodyVerifies,
  groupHeaderBytes,
  readGroupHeader,
} from "../../src/engine/embedded/format/commit-group.ts";
import {
  decodeFormatFile,
  encodeFormatFile,
  formatFlagsOffset,
  formatVersionOffset,
  identityOf,
} from "../../src/engine/embedded/format/format-file.ts";
import {
  frameKind,
  frameLengthAt,
  frameSpan,
  frameVerifies,
  wholeSlice,
  writeFrame,
} from "../../src/engine/embedded/format/frame.ts";
import {
  newestWalSlotBytes,
  readNewestWalSlot,
  writeNewestWalSlot,
} from "../../src/engine/embedded/format/newest-wal-file.ts";
import {
  readWalHeader,
  walFileName,
  walHeaderBytes,
  writeWalHeader,
} from "../../src/engine/embedded/format/wal-file.ts";
import { EngineState } from "../../src/engine/embedded/state/engine-state.ts";
import { LogState } from "../../src/engine/embedded/state/log-state.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/engine/embedded/state/snapshot.ts";

const identity = identityOf(Buffer.from("an id of 16 byte"), Buffer.from("saltsalt"));
const plain = { identity, cipher: undefined, isClosed: false };
const goldenUrl = new URL("./embedded-file-format.json", import.meta.url);
const golden: Record<string, string> = JSON.parse(readFileSync(goldenUrl, "utf8"));
/** Set when the version has changed, to write down what the bytes are now. */
const writesGolden = process.env["MILLRACE_WRITE_GOLDEN"] !== undefined;

/** Zeros at the end are padding, and are not kept in the golden file. */
function assertGolden(name: string, bytes: Buffer): void {
  const hex = bytes.toString("hex").replace(/(00)+$/, "");
  if (writesGolden) {
    golden[name] = hex;
    writeFileSync(goldenUrl, `${JSON.stringify(golden, undefined, 2)}\n`);
  }
  assert.equal(hex, golden[name], `${name}; a change of these bytes is a new version of the format`);
}

function sampleGroup(): Buffer {
  const target = Buffer.alloc(8192, 0xff);
  const head = { count: 0, logId: 1, position: 0, timeMs: 0, storedMs: 0 };
  const { seed } = identity;
  const createBody = Buffer.concat([Buffer.of(3, 0, 0, 0), Buffer.from("stream")]);
  let at = groupHeaderBytes;
  at = writeFrame(target, at, { ...head, kind: frameKind.createLog }, wholeSlice(createBody), seed);
  const entry = {
    kind: frameKind.entry,
    count: 500,
    logId: 1,
    position: 2 ** 40 + 5,
    timeMs: 1.5,
    storedMs: 1_767_225_600_000,
  };
  at = writeFrame(target, at, entry, wholeSlice(Buffer.from("body")), seed);
  at = writeFrame(target, at, { ...head, kind: frameKind.cleanClose, logId: 0 }, wholeSlice(Buffer.alloc(0)), seed);
  return closeGroup(target, { generation: 3, lsn: 17, durableThroughLsn: 16, used: at, frameCount: 3 }, identity);
}

function sampleLedger(): EngineState {
  const state = new EngineState(plain);
  const [open, sealed] = [new LogState(1, "first", 0), new LogState(4, "second", 7)];
  sealed.sealedBy = "split-1";
  sealed.tip = 501;
  sealed.durableStoredMs = 1_767_225_600_123;
  open.retentionMs = 86_400_000;
  state.addLog(open);
  state.addLog(sealed);
  state.documents.set("key", { key: "key", value: Buffer.from("value"), revision: 9n });
  state.lsn = 33;
  state.revision = 12;
  state.nextLogId = 6;
  return state;
}

test("the format file is written as the document draws it, and read back", () => {
  const format = { identity, devClock: true, madeMs: 1_767_225_600_000 };
  const bytes = encodeFormatFile(format);
  assertGolden("format", bytes);
  assert.deepEqual(decodeFormatFile(bytes, "/data"), format);
});

test("the format file of version 4 says what there is, and is read back", () => {
  const plainFormat = { identity, devClock: false, madeMs: 5, hasNewestWal: true } as const;
  for (const [format, flags] of [
    [plainFormat, 0],
    [{ ...plainFormat, devClock: true, isEncrypted: true }, 3],
    [{ ...plainFormat, hasSegments: true }, 4],
    [{ ...plainFormat, hasSegments: true, isEncrypted: true }, 6],
  ] as const) {
    const bytes = encodeFormatFile(format);
    assert.deepEqual([bytes.readUInt32LE(formatVersionOffset), bytes.readUInt32LE(formatFlagsOffset)], [4, flags]);
    assert.deepEqual(decodeFormatFile(bytes, "/data"), format);
  }
});

test("a slot of newest-wal is written as the document draws it, and none with a flipped bit, or cut, is read", () => {
  const slot = Buffer.alloc(newestWalSlotBytes, 0xff);
  const newest = { generation: 12, firstLsn: 2 ** 40 + 5 };
  writeNewestWalSlot(slot, newest, identity);
  assertGolden("newestWal", slot);
  assert.deepEqual(readNewestWalSlot(slot, identity), newest);
  for (let bit = 0; bit < 8 * slot.length; bit++) {
    const flipped = Buffer.from(slot);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(readNewestWalSlot(flipped, identity), undefined, `bit ${bit}`);
  }
  for (const length of [0, 7, 63, 64, 4_095])
    assert.equal(readNewestWalSlot(slot.subarray(0, length), identity), undefined);
  const other = identityOf(Buffer.from("another id of 16"), identity.salt);
  assert.equal(readNewestWalSlot(slot, other), undefined);
});

test("the format file is refused when it is another's, newer or damaged", () => {
  const bytes = encodeFormatFile({ identity, devClock: false, madeMs: 0 });
  assert.throws(() => decodeFormatFile(Buffer.from("hello"), "/data"), { reason: "foreign" });
  assert.throws(() => decodeFormatFile(bytes.subarray(0, 40), "/data"), { reason: "unreadable" });
  for (let at = 8; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.throws(() => decodeFormatFile(flipped, "/data"), { reason: "unreadable" });
  }
});

test("a WAL header is written as the document draws it, twice, and read back", () => {
  const header = {
    generation: 12,
    fileLength: 64 * 1024 * 1024,
    firstLsn: 17,
    previousGeneration: 11,
    previousEnd: 36_864,
    madeMs: 1_767_225_600_000,
    isRecycled: true,
  };
  const bytes = Buffer.alloc(walHeaderBytes, 0xff);
  writeWalHeader(bytes, header, identity);
  assertGolden("walHeader", bytes.subarray(0, walHeaderBytes / 2));
  for (const at of [0, walHeaderBytes / 2]) assert.deepEqual(readWalHeader(bytes.subarray(at), identity), header);
  const other = identityOf(Buffer.from("another id of 16"), identity.salt);
  assert.equal(readWalHeader(bytes, other), undefined);
  assert.equal(walFileName(12), "0000000012.wal");
});

test("a group is written as the document draws it, and read back", () => {
  const group = sampleGroup();
  assertGolden("group", group);
  const header = readGroupHeader(group, 0, identity);
  assert.deepEqual(header, {
    length: 4096,
    generation: 3,
    lsn: 17,
    durableThroughLsn: 16,
    used: groupHeaderBytes + ["\x03\0\0\0stream", "body", ""].reduce((sum, body) => sum + frameSpan(body.length), 0),
    frameCount: 3,
  });
  assert(header !== undefined && groupBodyVerifies(group, header, identity.seed));
});

test("any flipped bit of a group is seen by the checksum of its header or of its body", () => {
  const group = sampleGroup();
  for (let bit = 0; bit < 8 * group.length; bit += bit < 8 * 300 ? 1 : 97) {
    const flipped = Buffer.from(group);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const header = readGroupHeader(flipped, 0, identity);
    assert(header === undefined || !groupBodyVerifies(flipped, header, identity.seed), `bit ${bit}`);
  }
});

test("any flipped bit of a frame is seen, and so is another salt", () => {
  const target = Buffer.alloc(256);
  const head = { kind: frameKind.entry, count: 2, logId: 3, position: 4, timeMs: 5, storedMs: 6 };
  const end = writeFrame(target, 0, head, wholeSlice(Buffer.from("some body")), identity.seed);
  assert(frameVerifies(target, 0, end, identity.seed));
  assert(!frameVerifies(target, 0, end, identity.seed + 1));
  for (let bit = 0; bit < 8 * frameLengthAt(target, 0); bit++) {
    const flipped = Buffer.from(target);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert(!frameVerifies(flipped, 0, end, identity.seed), `bit ${bit}`);
  }
});

test("a snapshot is written as the document draws it, and read back", () => {
  const state = sampleLedger();
  const bytes = encodeSnapshot({ state, oldestGeneration: 2 }, plain);
  assertGolden("snapshot", bytes);
  const decoded = decodeSnapshot(bytes, plain);
  assert(decoded !== undefined);
  assert.equal(decoded.oldestGeneration, 2);
  assert.equal(decoded.state.knownThroughLsn, 33);
  assert.deepEqual([decoded.state.revision, decoded.state.nextLogId], [12, 6]);
  const sealed = decoded.state.find("second", 7);
  assert.deepEqual([sealed?.id, sealed?.tip, sealed?.sealedBy], [4, 501, "split-1"]);
  assert.equal(decoded.state.lastStoredMs, 1_767_225_600_123);
  assert.equal(decoded.state.find("first", 0)?.retentionMs, 86_400_000);
  assert.equal(decoded.state.documents.get("key")?.revision, 9n);
  const again = decoded.state;
  again.lsn = 33;
  assert(encodeSnapshot({ state: again, oldestGeneration: 2 }, plain).equals(bytes));
});

test("a snapshot with any flipped bit, or cut anywhere, is no snapshot", () => {
  const bytes = encodeSnapshot({ state: sampleLedger(), oldestGeneration: 1 }, plain);
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(decodeSnapshot(flipped, plain), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(decodeSnapshot(bytes.subarray(0, length), plain), undefined, `${length} bytes`);
  }
});
