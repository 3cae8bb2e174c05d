import assert from "node:assert/strict";
import { test } from "node:test";
import { closeGroup, groupHeaderBytes } from "../../../../../src/engine/embedded/format/commit-group.ts";
import { identityOf } from "../../../../../src/engine/embedded/format/format-file.ts";
import { frameKind, frameSpan, wholeSlice, writeFrame } from "../../../../../src/engine/embedded/format/frame.ts";
import { walHeaderBytes } from "../../../../../src/engine/embedded/format/wal-file.ts";
import { blockBytes } from "../../../../../src/engine/embedded/io/disk.ts";
import { scanMemoryBytes, WalScan } from "../../../../../src/engine/embedded/wal/wal-scan.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const identity = identityOf(Buffer.alloc(16, 5), Buffer.from("saltsalt"));
const generation = 3;
const firstLsn = 40;
const mebibyte = 1024 * 1024;
const path = "/data/file.wal";

function group(lsn: number, bodyBytes: number): Buffer {
  const used = groupHeaderBytes + frameSpan(bodyBytes);
  const target = Buffer.alloc(used + blockBytes);
  const head = { kind: frameKind.entry, logId: 1, count: 1, position: lsn, timeMs: 1, storedMs: 1 };
  writeFrame(target, groupHeaderBytes, head, wholeSlice(Buffer.alloc(bodyBytes, lsn)), identity.seed);
  const header = { generation, lsn, durableThroughLsn: lsn - 1, used, frameCount: 1 };
  return Buffer.from(closeGroup(target, header, identity));
}

/** With the groups behind the headers' blocks, and whatever is to stand behind them. */
async function fileOf(groups: readonly Buffer[], behind = Buffer.alloc(0)) {
  const disk = new SimulatedDisk();
  await disk.makeDirectory("/data");
  const made = await disk.open(path, "create");
  await made.write(Buffer.concat([Buffer.alloc(walHeaderBytes), ...groups, behind]), 0);
  const fileLength = await made.length();
  await made.close();
  // So that a read takes time, and the scan has to wait for it.
  disk.pace = ({ kind }) => (kind === "read" ? 2 : 0);
  const file = await disk.open(path, "read");
  const header = {
    generation,
    fileLength,
    firstLsn,
    previousGeneration: 0,
    previousEnd: 0,
    madeMs: 1,
    isRecycled: false,
  };
  return { disk, file, header };
}

// Smaller and larger than what is read at once, than what is kept in memory, and in between.
const sizes = [100, 5_000, 300_000, 1_048_500, 2_500_000, 70, 9 * mebibyte, 80, 4_000_000, 12 * mebibyte, 900_000, 10];
const groups = [...sizes, ...sizes.slice(0, 5)].map((bytes, index) => group(firstLsn + index, bytes));

for (const readsAhead of [false, true]) {
  const how = readsAhead ? "read ahead" : "read as they are asked for";
  test(`groups of all sizes are found one behind another, ${how}, and nothing behind them`, async () => {
    const { file, header } = await fileOf(groups, Buffer.alloc(3 * mebibyte));
    const scan = new WalScan({ file, header, identity, memory: Buffer.alloc(scanMemoryBytes), readsAhead });
    let at = walHeaderBytes;
    for (const [index, expected] of groups.entries()) {
      const found = await scan.groupAt(at, firstLsn + index);
      assert(found?.bytes.equals(expected), `group ${index}`);
      at += expected.length;
    }
    assert.equal(await scan.groupAt(at, firstLsn + groups.length), undefined);
    const tail = await scan.tailFrom(at, firstLsn + groups.length);
    assert.deepEqual(tail, { claimedLsn: 0, hasBytes: false, hasGroup: false });
    await scan.done();
  });

  test(`a claim behind a missing group is found, ${how}`, async () => {
    const [first = Buffer.alloc(0), , third = Buffer.alloc(0)] = groups;
    const { file, header } = await fileOf([first], Buffer.concat([Buffer.alloc(5 * blockBytes, 7), third]));
    const scan = new WalScan({ file, header, identity, memory: Buffer.alloc(scanMemoryBytes), readsAhead });
    assert(await scan.groupAt(walHeaderBytes, firstLsn));
    const tail = await scan.tailFrom(walHeaderBytes + first.length, firstLsn + 1);
    assert.deepEqual(tail, { claimedLsn: firstLsn + 1, hasBytes: true, hasGroup: false });
    await scan.done();
  });

  test(`a group that says it is longer than the memory is none, ${how}`, async () => {
    const long = group(firstLsn, 3 * mebibyte);
    const { file, header } = await fileOf([long]);
    const scan = new WalScan({ file, header, identity, memory: Buffer.alloc(mebibyte), readsAhead });
    assert.equal(await scan.groupAt(walHeaderBytes, firstLsn), undefined);
    await scan.done();
  });
}

test("a part that cannot be read fails only the scan that reaches it", async () => {
  const { disk, file, header } = await fileOf(groups.slice(0, 3), Buffer.alloc(4 * mebibyte, 1));
  let readCount = 0;
  disk.fault = ({ kind }) => (kind === "read" && ++readCount > 1 ? "EIO" : undefined);
  const scan = new WalScan({ file, header, identity, memory: Buffer.alloc(scanMemoryBytes), readsAhead: true });
  assert(await scan.groupAt(walHeaderBytes, firstLsn));
  await scan.done();
  assert(readCount > 1, "the next part was asked for");
  await assert.rejects(scan.tailFrom(walHeaderBytes + mebibyte, firstLsn + 9), { code: "EIO" });
});

test("the file may be closed when a scan is done", async () => {
  const { file, header } = await fileOf(groups.slice(0, 4), Buffer.alloc(4 * mebibyte));
  let underWay = 0;
  const counting = {
    ...file,
    async read(into: Uint8Array, at: number) {
      underWay += 1;
      const count = await file.read(into, at);
      underWay -= 1;
      return count;
    },
  };
  const scan = new WalScan({
    file: counting,
    header,
    identity,
    memory: Buffer.alloc(scanMemoryBytes),
    readsAhead: true,
  });
  assert(await scan.groupAt(walHeaderBytes, firstLsn));
  assert.equal(underWay, 1, "the next part is on its way");
  await scan.done();
  assert.equal(underWay, 0);
});
