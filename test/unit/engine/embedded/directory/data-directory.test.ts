import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import {
  encodeFormatFile,
  formatChecksumOffset,
  formatVersionOffset,
  identityOf,
} from "../../../../../src/engine/embedded/format/format-file.ts";
import { makeShard, openSmallEngine, readTexts, smallEngine, store } from "../../../../support/embedded-engine.ts";
import { SimulatedDisk } from "../../../../support/simulated-disk.ts";

const path = "/data/format";

test("a directory of a newer format is refused by its version", async () => {
  const disk = new SimulatedDisk();
  await (await openSmallEngine(disk)).close();
  disk.damage(path, (bytes) => {
    bytes.writeUInt32LE(5, formatVersionOffset);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, formatChecksumOffset)), formatChecksumOffset);
    return bytes;
  });
  await assert.rejects(smallEngine(disk).open(), {
    name: "DataDirectoryError",
    reason: "newer",
    message:
      "The data directory /data has format version 5; this version of Millrace supports versions up to 4. Nothing was changed. Start the newer version of Millrace that wrote it.",
  });
});

test("a directory that cannot be made names the one above it, and why", async () => {
  for (const [code, why] of [
    ["EACCES", "this user may not write to /srv"],
    ["EROFS", "the file system is read-only at /srv"],
  ]) {
    const disk = new SimulatedDisk();
    disk.makeDirectory = async () => {
      throw Object.assign(new Error(code), { code, syscall: "mkdir", path: "/srv/millrace" });
    };
    await assert.rejects(smallEngine(disk).open(), {
      reason: "unreadable",
      message: `The data directory /data does not exist and cannot be made, because ${why} (${code}).`,
    });
  }
});

test("a damaged format file is refused", async () => {
  const disk = new SimulatedDisk();
  await (await openSmallEngine(disk)).close();
  disk.damage(path, (bytes) => bytes.fill(0, 20, 30));
  await assert.rejects(smallEngine(disk).open(), {
    reason: "unreadable",
    message:
      "The file /data/format is corrupted (checksum mismatch), so the data directory cannot be opened. The other files were not touched. Restore the file, or the whole directory, from a backup.",
  });
});

test("a start that died before the format was in place leaves a directory that can be opened", async () => {
  const disk = new SimulatedDisk();
  await disk.makeDirectory("/data");
  disk.place("/data/format.tmp", Buffer.from("half a for"));
  disk.place("/data/lock", Buffer.from("{}"));
  disk.place("/data/lock.held", Buffer.alloc(0));
  const engine = await openSmallEngine(disk);
  await store(engine, await makeShard(engine), "text");
  await engine.close();
});

test("other files beside a format file are left alone", async () => {
  const disk = new SimulatedDisk();
  await (await openSmallEngine(disk)).close();
  disk.place("/data/certificate.pem", Buffer.from("pem"));
  await (await openSmallEngine(disk)).close();
  assert.equal(disk.bytesOf("/data/certificate.pem").toString(), "pem");
});

test("unfinished files of the log and the catalog are removed", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  await store(engine, await makeShard(engine), "text");
  await engine.close();
  disk.place("/data/wal/probe.tmp", Buffer.from("x"));
  disk.place("/data/catalog/0000000000000009.snapshot.tmp", Buffer.from("x"));
  disk.place("/data/wal/0000000002.wal", Buffer.alloc(48 * 1024));
  const again = await openSmallEngine(disk);
  assert.deepEqual(await readTexts(again, await makeShard(again)), ["text"]);
  assert(!disk.paths().some((name) => name.endsWith(".tmp") || name.endsWith("0002.wal")));
});

test("a directory that has seen a dev clock opens with one only", async () => {
  const disk = new SimulatedDisk();
  await (await openSmallEngine(disk)).close();
  const dev = await openSmallEngine(disk, { devClock: true });
  await store(dev, await makeShard(dev), "from the future");
  await dev.close();
  await assert.rejects(smallEngine(disk).open(), {
    reason: "dev_clock",
    message: /was used with --dev, whose clock can be moved, .+ Start with --dev/,
  });
  const again = await openSmallEngine(disk, { devClock: true });
  assert.deepEqual(await readTexts(again, await makeShard(again)), ["from the future"]);
});

test("the log of another directory is not read", async () => {
  const disk = new SimulatedDisk();
  const engine = await openSmallEngine(disk);
  await store(engine, await makeShard(engine), "text");
  const identity = identityOf(Buffer.alloc(16, "another"), Buffer.alloc(8, "other"));
  const crashed = disk.crash("lose");
  crashed.damage(path, () => encodeFormatFile({ identity, devClock: false, madeMs: 0 }));
  await assert.rejects(smallEngine(crashed).open(), {
    kind: "corrupt",
    message: /both headers of wal\/0000000001\.wal/,
  });
});
