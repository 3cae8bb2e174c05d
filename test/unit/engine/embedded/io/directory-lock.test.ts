import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isOwnerAlive, lockDirectory, lockOwnerOf } from "../../../../../src/engine/embedded/io/directory-lock.ts";

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
    const lock = lockDirectory(directory);
    assert.throws(() => lockDirectory(directory), {
      name: "DataDirectoryError",
      reason: "locked",
      message: new RegExp(
        `^The data directory ${directory} is locked: it is in use by process ${process.pid} on [^ ]+\\. `,
      ),
    });
    await lock.release();
    assert(!existsSync(join(directory, "lock")));
    await lockDirectory(directory).release();
  });
});

test("a lock held by another process holds, and ends with that process even by kill -9", async () => {
  await temporary(async (directory) => {
    const source = `
      const { lockDirectory } = await import(${JSON.stringify(lockFile)});
      globalThis.lock = lockDirectory(${JSON.stringify(directory)});
      console.log("held");
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      await once(holder.stdout, "data");
      assert.throws(() => lockDirectory(directory), {
        reason: "locked",
        message: new RegExp(`process ${holder.pid} `),
      });
    } finally {
      holder.kill("SIGKILL");
      await once(holder, "exit");
    }
    const left = await readFile(join(directory, "lock"), "utf8");
    assert.equal(JSON.parse(left).pid, holder.pid, "the dead process could not tidy up");
    await lockDirectory(directory).release();
  });
});

test("a lock file that is empty or is not JSON keeps no process out", async () => {
  for (const text of ["", "{", "null", '{"pid":"x"}']) {
    await temporary(async (directory) => {
      await writeFile(join(directory, "lock"), text);
      await lockDirectory(directory).release();
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
