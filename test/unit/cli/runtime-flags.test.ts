import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** Runs a program that restarts itself; the sizes that its V8 flags set. */
function restart(nodeFlags: readonly string[], nodeOptions: string): readonly string[] {
  const program = `
    import { restartWithStartFlags } from ${JSON.stringify(flagsModule)};
    restartWithStartFlags(process.env);
    console.log(JSON.stringify({ id: process.pid, flags: process.execArgv }));
  `;
  const args = [...nodeFlags, "--input-type=module", "-e", program];
  const { pid, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
  });
  assert.equal(stderr, "");
  const { id, flags } = JSON.parse(stdout);
  assert.equal(id, pid, "the process is replaced, not doubled");
  return flags.filter((flag: string) => flag.includes("-space-size"));
}

test("a start without V8's flags restarts once with them, and flags of the user stay", {
  skip: process.platform === "win32",
}, () => {
  const [initial, semi] = ["--initial-old-space-size=96", "--max-semi-space-size=8"];
  assert.deepEqual(restart([], ""), [initial, semi]);
  assert.deepEqual(restart([initial, semi], ""), [initial, semi]);
  assert.deepEqual(restart(["--max_semi_space_size=4"], "").includes(semi), false);
  assert.deepEqual(restart([], "--max-semi-space-size=4"), [initial]);
});

test("a start that is profiled does not restart, because the profiler's timer would end the new process", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-profiled-"));
  t.after(() => rmSync(directory, { recursive: true }));
  assert.deepEqual(restart(["--cpu-prof", `--cpu-prof-dir=${directory}`], ""), []);
});
