import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { lockFile } from "../../../src/platform/file-lock.ts";

const run = promisify(execFile);

test("a file lock keeps a second one out until it is released, and a file that cannot be made has none", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-file-lock-"));
  try {
    const path = join(directory, "held");
    const lock = lockFile(path);
    assert(lock !== "busy" && lock !== "unsupported");
    assert.equal(lockFile(path), "busy");
    lock.release();
    const again = lockFile(path);
    assert(again !== "busy" && again !== "unsupported");
    again.release();
    assert.equal(lockFile(join(directory, "absent", "held")), "unsupported");
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a second attempt of the same process does not drop the lock against other processes", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-file-lock-"));
  try {
    const path = join(directory, "held");
    const lock = lockFile(path);
    assert(lock !== "busy" && lock !== "unsupported");
    assert.equal(lockFile(path), "busy");
    const source = new URL("../../../src/platform/file-lock.ts", import.meta.url).href;
    const program = `const { lockFile } = await import(${JSON.stringify(source)});
      const lock = lockFile(${JSON.stringify(path)});
      console.log(lock === "busy" ? lock : "free");`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program]);
    assert.equal(stdout, "busy\n");
    lock.release();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the warnings of the program that takes a lock stay as they are", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-file-lock-"));
  const { emitWarning } = process;
  const listeners = process.listeners("warning");
  let calls = 0;
  process.emitWarning = () => {
    calls += 1;
  };
  const own = process.emitWarning;
  try {
    const lock = lockFile(join(directory, "held"));
    assert.equal(process.emitWarning, own);
    process.emitWarning("of the program");
    assert(calls >= 1);
    assert.deepEqual(process.listeners("warning"), listeners);
    if (lock !== "busy" && lock !== "unsupported") lock.release();
  } finally {
    process.emitWarning = emitWarning;
    await rm(directory, { recursive: true });
  }
});
