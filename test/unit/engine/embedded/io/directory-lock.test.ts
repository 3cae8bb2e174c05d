import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  isOwnerAlive,
  lockDirectory,
  lockForReading,
  lockOwnerOf,
} from "../../../../../src/engine/embedded/io/directory-lock.ts";

const lockFile = new URL("../../../../../src/engine/embedded/io/directory-lock.ts", import.meta.url).href;

async function temporary(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-lock-"));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test("lockDirectory() keeps a second holder out until it is released", async () => {
  await temporary(async (directory) => {
    const lock = await lockDirectory(directory);
    await assert.rejects(lockDirectory(directory), {
      name: "DataDirectoryError",
      reason: "locked",
      message: new RegExp(
        `^The data directory ${directory} is locked: it is in use by process ${process.pid} on [^ ]+\\. `,
      ),
    });
    await lock.release();
    assert(!existsSync(join(directory, "lock")));
    await (await lockDirectory(directory)).release();
  });
});

test("a lock held by another process holds, and ends with that process even by kill -9", async () => {
  await temporary(async (directory) => {
    const source = `
      const { lockDirectory } = await import(${JSON.stringify(lockFile)});
      globalThis.lock = await lockDirectory(${JSON.stringify(directory)});
      console.log("held");
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(holder.stdout, "data");
      await assert.rejects(lockDirectory(directory), {
        reason: "locked",
        message: new RegExp(`process ${holder.pid} `),
      });
    } finally {
      holder.kill("SIGKILL");
      await once(holder, "exit");
    }
    const left = await readFile(join(directory, "lock"), "utf8");
    assert.equal(JSON.parse(left).pid, holder.pid, "the dead process could not tidy up");
    await (await lockDirectory(directory)).release();
  });
});

test("a lock file that is empty or is not JSON keeps no process out", async () => {
  for (const text of ["", "{", "null", '{"pid":"x"}']) {
    await temporary(async (directory) => {
      await writeFile(join(directory, "lock"), text);
      await (await lockDirectory(directory)).release();
    });
  }
});

test("isAlive() knows a process by its boot and its start, not by its number alone", () => {
  const self = lockOwnerOf(process.pid);
  assert(isOwnerAlive(self));
  const present = { pid: 1, startTicks: "500", bootId: "boot", host: "h" };
  assert(isOwnerAlive(present, present));
  assert(!isOwnerAlive({ ...present, startTicks: "499" }, present), "another process has the number now");
  assert(!isOwnerAlive({ ...present, bootId: "before" }, present), "the machine was restarted");
  const unknown = { ...present, startTicks: null };
  assert(isOwnerAlive({ ...unknown, pid: process.pid }, { ...unknown, pid: process.pid }));
  const gone = { pid: 2 ** 22 + 1, startTicks: null, bootId: null, host: "h" };
  assert(!isOwnerAlive(gone));
});

/** A process that holds the lock and prints what becomes of it. */
async function holderOf(directory: string): Promise<{ readonly child: ChildProcess; readonly lines: () => string }> {
  const source = `
    const { lockDirectory } = await import(${JSON.stringify(lockFile)});
    globalThis.lock = await lockDirectory(${JSON.stringify(directory)});
    lock.watch(() => console.log("lost"));
    console.log("held");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await once(child.stdout, "data");
  return { child, lines: () => text };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("removing lock.held under a process that runs lets no second one in", async () => {
  await temporary(async (directory) => {
    const { child } = await holderOf(directory);
    try {
      await rm(join(directory, "lock.held"));
      await assert.rejects(lockDirectory(directory), {
        reason: "locked",
        message: new RegExp(`process ${child.pid} `),
      });
      assert(!existsSync(join(directory, "lock.held")), "nothing was changed");
      assert.throws(() => lockForReading(directory), { reason: "locked" });
    } finally {
      await end(child);
    }
    await (await lockDirectory(directory)).release();
  });
});

test("where lock.held and lock are both removed the holder stops before a second process gets the lock", async () => {
  await temporary(async (directory) => {
    await writeFile(join(directory, "format"), "");
    const { child, lines } = await holderOf(directory);
    try {
      for (const name of ["lock.held", "lock"]) await rm(join(directory, name));
      const lock = await lockDirectory(directory);
      assert.match(lines(), /lost/);
      await lock.release();
    } finally {
      await end(child);
    }
  });
});

test("a lock whose file was replaced is not held, and its release leaves the lock of the next holder alone", async () => {
  await temporary(async (directory) => {
    const lock = await lockDirectory(directory);
    assert(lock.isHeld());
    await rename(join(directory, "lock.held"), join(directory, "moved"));
    await writeFile(join(directory, "lock.held"), "");
    assert(!lock.isHeld());
    await lock.release();
    assert(existsSync(join(directory, "lock")), "it may be that of the next holder");
  });
});

test("a copy of a directory that is open is not locked by the name of the original's process", async () => {
  await temporary(async (directory) => {
    const original = join(directory, "original");
    await mkdir(original);
    const lock = await lockDirectory(original);
    await cp(original, join(directory, "copy"), { recursive: true });
    await (await lockDirectory(join(directory, "copy"))).release();
    await lock.release();
  });
});

test("lockForReading() changes nothing, keeps servers out, and lets other readers in", async () => {
  await temporary(async (directory) => {
    await (await lockDirectory(directory)).release();
    const before = await readdir(directory);
    const readers = [lockForReading(directory), lockForReading(directory)];
    assert(readers.every((reader) => reader.isHeld()));
    await assert.rejects(lockDirectory(directory), { reason: "locked", message: /in use by another process/ });
    for (const reader of readers) await reader.release();
    assert.deepEqual(await readdir(directory), before);
    const lock = await lockDirectory(directory);
    assert.throws(() => lockForReading(directory), {
      reason: "locked",
      message: new RegExp(`process ${process.pid} `),
    });
    await lock.release();
    await rm(join(directory, "lock.held"));
    assert(!lockForReading(directory).isHeld(), "without the file no lock can be taken");
  });
});
