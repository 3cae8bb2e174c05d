import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { blockingDisk } from "../../../../../src/engine/embedded/io/blocking-disk.ts";
import { blockBytes, readWhole } from "../../../../../src/engine/embedded/io/disk.ts";
import { nodeDisk } from "../../../../../src/engine/embedded/io/node-disk.ts";

test("what the thread of segments writes is what others read, and it reads what they wrote", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-blocking-"));
  const isDirect = await nodeDisk.probe(directory);
  for (const [writing, reading] of [
    [blockingDisk, nodeDisk],
    [nodeDisk, blockingDisk],
  ] as const) {
    for (const mode of isDirect ? (["create", "createDirect"] as const) : (["create"] as const)) {
      const path = join(directory, "file");
      const bytes = writing.allocate(3 * 1024 * 1024);
      for (let at = 0; at < bytes.length; at += 997) bytes[at] = at;
      const file = await writing.open(path, mode);
      await file.write(bytes, 0);
      await file.write(bytes.subarray(0, blockBytes), bytes.length);
      await file.sync();
      assert.equal(await file.length(), bytes.length + blockBytes);
      await file.close();
      const back = reading.allocate(4 * 1024 * 1024);
      const again = await reading.open(path, isDirect ? "direct" : "read");
      assert.equal(await again.read(back, 0), bytes.length + blockBytes);
      assert.equal(await again.read(back, bytes.length), blockBytes);
      assert.equal(await again.read(back, bytes.length + blockBytes), 0);
      await again.close();
      assert(back.subarray(0, blockBytes).equals(bytes.subarray(0, blockBytes)));
      const shorter = await writing.open(path, "write");
      await shorter.setLength(blockBytes + 1);
      await shorter.close();
      assert.equal((await readWhole(reading, path))?.length, blockBytes + 1);
    }
  }
  await rm(directory, { recursive: true });
});

test("its errors are the system's, and come as rejections", async () => {
  await assert.rejects(blockingDisk.open(join(tmpdir(), "millrace-no-such-file"), "read"), { code: "ENOENT" });
});
