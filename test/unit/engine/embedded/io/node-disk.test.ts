import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EmbeddedEngine } from "../../../../../src/engine/embedded/embedded-engine.ts";
import { blockBytes, readWhole, replaceFile } from "../../../../../src/engine/embedded/io/disk.ts";
import { nodeDisk } from "../../../../../src/engine/embedded/io/node-disk.ts";
import { makeShard, readTexts, store } from "../../../../support/embedded-engine.ts";
import { SimulatedClock } from "../../../../support/simulated-clock.ts";

const mebibyte = 1024 * 1024;

async function temporary(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-disk-"));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function engineAt(directory: string, disk = nodeDisk): EmbeddedEngine {
  return new EmbeddedEngine({ directory, disk, clock: new SimulatedClock(), diskBudgetBytes: 512 * mebibyte });
}

test("probe() leaves nothing behind, and what it promises holds", async () => {
  await temporary(async (directory) => {
    const isDirect = await nodeDisk.probe(directory);
    assert.deepEqual(await readdir(directory), []);
    await writeFile(join(directory, "log"), Buffer.alloc(4 * blockBytes));
    const file = await nodeDisk.open(join(directory, "log"), isDirect ? "direct" : "write");
    const blocks = nodeDisk.allocate(2 * blockBytes).fill("b");
    await file.write(blocks, blockBytes);
    const back = nodeDisk.allocate(blockBytes);
    assert.equal(await file.read(back, 2 * blockBytes), blockBytes);
    assert.equal(await file.length(), 4 * blockBytes);
    await file.close();
    assert(back.equals(blocks.subarray(blockBytes)));
  });
});

test("replaceFile() replaces a whole file, and readWhole() reads it or finds none", async () => {
  await temporary(async (directory) => {
    assert.equal(await readWhole(nodeDisk, join(directory, "file")), undefined);
    for (const text of ["first", "second, and longer", ""]) {
      await replaceFile(nodeDisk, directory, "file", Buffer.from(text));
      assert.equal((await readWhole(nodeDisk, join(directory, "file")))?.toString(), text);
    }
    assert.deepEqual(await readdir(directory), ["file"]);
    assert((await nodeDisk.freeBytes(directory)) > 0);
  });
});

test("link() gives a file a second name, never one that is taken; removeDirectory() removes empty ones", async () => {
  await temporary(async (directory) => {
    await writeFile(join(directory, "one"), "bytes");
    await nodeDisk.link(join(directory, "one"), join(directory, "two"));
    assert.equal((await readWhole(nodeDisk, join(directory, "two")))?.toString(), "bytes");
    await assert.rejects(nodeDisk.link(join(directory, "one"), join(directory, "two")), { code: "EEXIST" });
    await assert.rejects(nodeDisk.link(join(directory, "none"), join(directory, "three")), { code: "ENOENT" });
    await nodeDisk.makeDirectory(join(directory, "full"));
    await writeFile(join(directory, "full", "file"), "");
    await assert.rejects(nodeDisk.removeDirectory(join(directory, "full")));
    await nodeDisk.remove(join(directory, "full", "file"));
    await nodeDisk.removeDirectory(join(directory, "full"));
    await nodeDisk.removeDirectory(join(directory, "full"));
    assert.deepEqual(await readdir(directory), ["one", "two"]);
  });
});

test("a directory where the file system has none is refused, and the attempt ends", async () => {
  await assert.rejects(nodeDisk.makeDirectory("/proc/millrace/data"), /./);
});

test("makeDirectory() names the first directory that it makes, so that a failed start can remove it", async () => {
  await temporary(async (directory) => {
    const deep = join(directory, "a", "b", "c");
    assert.equal(await nodeDisk.makeDirectory(deep), join(directory, "a"));
    assert.equal(await nodeDisk.makeDirectory(deep), undefined);
    await writeFile(join(deep, "file"), "");
    await assert.rejects(nodeDisk.makeDirectory(join(deep, "file")), { code: "EEXIST" });
    await assert.rejects(nodeDisk.makeDirectory(join(deep, "file", "x")), { code: "ENOTDIR" });
  });
});

test("the embedded engine works the same on a disk that knows no direct writes", async () => {
  await temporary(async (directory) => {
    const buffered = { ...nodeDisk, probe: async () => false };
    for (const disk of [buffered, nodeDisk, buffered]) {
      const engine = engineAt(directory, disk);
      await engine.open();
      const shard = await makeShard(engine);
      await store(engine, shard, "x".repeat(100_000));
      assert.equal((await engine.health()).durable, true);
      await engine.close();
    }
    const engine = engineAt(directory);
    await engine.open();
    assert.equal((await readTexts(engine, await makeShard(engine))).length, 3);
    await engine.close();
  });
});

test("a log file that was cut at any odd place is recovered from the real disk", async () => {
  for (const length of [8_193, 12_288, 16_383, 16_384, 16_385, 20_000, 65_535]) {
    await temporary(async (directory) => {
      const killed = join(directory, "killed");
      const options = { directory: killed, disk: nodeDisk, clock: new SimulatedClock(), diskBudgetBytes: mebibyte };
      const engine = new EmbeddedEngine({ ...options, walFileBytes: 65_536 });
      await engine.open();
      const shard = await makeShard(engine);
      await store(engine, shard, "one");
      await store(engine, shard, "two");
      const copy = join(directory, "copy");
      await cp(killed, copy, { recursive: true, filter: (path) => !path.includes("lock") });
      await engine.close();
      await truncate(join(copy, "wal", "0000000001.wal"), length);
      const again = engineAt(copy);
      await again.open();
      const { degraded } = await again.health();
      assert.match(degraded[0] ?? "", new RegExp(`truncated to ${length} of`));
      // The first group makes the shard, and ends at byte 12,288; the second and the third follow by blocks.
      const expected = length < 16_384 ? [] : length < 20_480 ? ["one"] : ["one", "two"];
      assert.deepEqual(await readTexts(again, await makeShard(again)), expected);
      await again.close();
    });
  }
});

test("a log file takes no more of the disk than was written to it", async () => {
  await temporary(async (directory) => {
    const engine = engineAt(directory);
    await engine.open();
    await store(engine, await makeShard(engine), "small");
    const { size, blocks } = await stat(join(directory, "wal", "0000000001.wal"));
    assert.equal(size, 64 * mebibyte);
    if (process.platform === "linux") assert(blocks * 512 <= mebibyte, `${blocks * 512} bytes`);
    await engine.close();
  });
});

test("entries of the largest size are read back from memory and from the disk", async () => {
  await temporary(async (directory) => {
    let engine = engineAt(directory);
    await engine.open();
    const shard = await makeShard(engine);
    const { entryBytesMax } = engine.limits;
    assert(entryBytesMax >= 12 * mebibyte);
    const bodies = [1, 2, 3].map((value) => Buffer.alloc(entryBytesMax, value));
    await engine.log.append(bodies.map((body) => ({ shard, entry: { count: 4096, timeMs: 0, body } })));
    for (let round = 0; round < 2; round++) {
      for (const [index, body] of bodies.entries()) {
        const from = BigInt(index * 4096 + 2);
        const { entries } = await engine.log.read(shard, from, { entriesMax: 1, bytesMax: 1 });
        assert(entries[0] !== undefined && body.equals(entries[0].body));
      }
      await engine.close();
      engine = engineAt(directory);
      await engine.open();
    }
    await engine.close();
  });
});

test("a directory that is not ours to open is refused in one sentence, and nothing in it changes", async () => {
  const cases: readonly {
    readonly what: string;
    readonly reason: string;
    readonly make: (path: string) => Promise<void>;
    readonly sentence: RegExp;
  }[] = [
    {
      what: "holds other files",
      reason: "foreign",
      make: async (path) => {
        await mkdir(path);
        await writeFile(join(path, "thesis.doc"), "important");
      },
      sentence: /is not a Millrace data directory: it contains other files \("thesis\.doc"\)/,
    },
    {
      what: "has another's format file",
      reason: "foreign",
      make: async (path) => {
        await mkdir(path);
        await writeFile(join(path, "format"), "PostgreSQL 17");
      },
      sentence: /is not a Millrace data directory/,
    },
    {
      what: "is a file",
      reason: "unreadable",
      make: (path) => writeFile(path, "a file"),
      sentence: /is not a directory\.$/,
    },
  ];
  for (const { what, reason, make, sentence } of cases) {
    await temporary(async (parent) => {
      const path = join(parent, "data");
      await make(path);
      const list = async (): Promise<readonly string[]> => readdir(path).catch(() => []);
      const before = await list();
      await assert.rejects(engineAt(path).open(), (error: Error) => {
        assert.equal(error.name, "DataDirectoryError", what);
        assert.equal(Object.getOwnPropertyDescriptor(error, "reason")?.value, reason);
        assert.match(error.message, sentence);
        assert(!error.message.includes("\n"));
        return true;
      });
      assert.deepEqual(await list(), before);
    });
  }
});

test("a missing directory is made with its parents, and opening it writes little", async () => {
  await temporary(async (parent) => {
    let writtenBytes = 0;
    const counting = {
      ...nodeDisk,
      open: async (...place: Parameters<typeof nodeDisk.open>) => {
        const file = await nodeDisk.open(...place);
        const write = file.write.bind(file);
        file.write = (bytes, at) => {
          writtenBytes += bytes.length;
          return write(bytes, at);
        };
        return file;
      },
    };
    const engine = engineAt(join(parent, "a", "b", "data"), counting);
    await engine.open();
    assert(writtenBytes > 0 && writtenBytes < mebibyte, `${writtenBytes} bytes`);
    await engine.close();
  });
});
