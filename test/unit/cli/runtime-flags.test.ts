import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const flagsModule = new URL("../../../src/cli/runtime-flags.ts", import.meta.url).href;

/** Runs a program in a process of its own, with its collections traced; all that it prints. */
function run(program: string, environment: Readonly<Record<string, string>> = {}): string {
  const { UV_THREADPOOL_SIZE: _, ...inherited } = process.env;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--trace-gc", "--input-type=module", "-e", program], {
    encoding: "utf8",
    env: { ...inherited, ...environment },
  });
  assert.equal(stderr, "");
  assert.equal(status, 0);
  return stdout;
}

function countMajorCollections(trace: string): number {
  return trace.split("Mark-Compact").length - 1;
}

const apply = `import { applyRuntimeFlags } from ${JSON.stringify(flagsModule)}; applyRuntimeFlags(process.env);`;

/** Keeps 1 GiB of buffers beside a small heap, as the memory engine does. */
const keptBuffers = `
const kept = [];
for (let index = 0; index < 16_384; index++) {
  kept.push(Buffer.allocUnsafeSlow(65_536));
  if (index % 64 === 0) await new Promise(setImmediate);
}
`;

test("V8 knows every flag, so that a start prints no complaint", () => {
  assert.match(run(`${apply} console.log("applied")`), /^applied$/m);
});

test("V8 marks the heap less often while buffers grow, although the flags come after its start", () => {
  const before = countMajorCollections(run(keptBuffers));
  const after = countMajorCollections(run(apply + keptBuffers));
  assert.ok(after < before, `${before} major collections without the flags, ${after} with them`);
});

// Only Linux tells the names of a process's threads.
const countThreads = `
import { promises, readdirSync, readFileSync } from "node:fs";
await promises.readFile("/proc/self/stat");
const names = readdirSync("/proc/self/task").map((id) => readFileSync("/proc/self/task/" + id + "/comm", "utf8"));
console.log("threads", names.filter((name) => name.startsWith("libuv-worker")).length);
`;

test("libuv gets eight threads, or as many as the user has set", { skip: process.platform !== "linux" }, () => {
  assert.match(run(apply + countThreads), /^threads 8$/m);
  assert.match(run(apply + countThreads, { UV_THREADPOOL_SIZE: "3" }), /^threads 3$/m);
});
