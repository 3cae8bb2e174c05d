/**
 * Runs the test suite with node's own runner and ends with its summary and its exit code.
 *
 *   npm test                                        everything
 *   npm test -- test/unit/config                    the tests below a folder, or of a file
 *   npm test -- --test-name-pattern=retention       options go to the runner
 */
import { spawn, spawnSync } from "node:child_process";
import { globSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { threadPoolSize } from "../src/cli/runtime-flags.ts";

const args = process.argv.slice(2);
const options = args.filter((arg) => arg.startsWith("-"));
const places = args.filter((arg) => !arg.startsWith("-"));
const files = (places.length > 0 ? places : ["test"]).flatMap(testFilesAt);

// A runner that is given nothing succeeds; a suite that has lost its files must not.
if (files.length === 0) {
  process.stderr.write("run-tests: found no *.test.ts file\n");
  process.exit(1);
}

// Tests that drive the server with clients which npm cannot install ask available-tools.ts which there are; others need a
// browser, shells, the servers of the jetstream engine or the store of channels. The script says so if it cannot get them, and
// then the tests do.
const tools = [
  ["/available-tools.ts", "get-client-tools.mjs"],
  ["/available-shells.ts", "get-shells.mjs"],
  ["/chromium.ts", "get-chromium.mjs"],
  ["/nats-servers.ts", "get-nats-server.ts"],
  ["/seaweed-server.ts", "get-seaweedfs.ts"],
  ["/tested-store.ts", "get-seaweedfs.ts"],
  ["/channel-readers.ts", "get-channel-readers.ts"],
] as const;
const sources = files.map((file) => readFileSync(file, "utf8"));
for (const [module, script] of tools) {
  if (!sources.some((source) => source.includes(module))) continue;
  spawnSync(process.execPath, [join(import.meta.dirname, script)], { stdio: "inherit" });
}

// The runner by default leaves one core to itself, and most tests wait for sockets, disks and clocks.
const filesAtOnce = availableParallelism();
// A test that hangs must be named, not waited for. The slowest takes about 15 s on two quiet cores.
const testMsMax = 240_000;
const fixed = ["--test", "--test-reporter=spec", `--test-timeout=${testMsMax}`, `--test-concurrency=${filesAtOnce}`];

const child = spawn(process.execPath, [...fixed, ...options, ...files], {
  stdio: "inherit",
  env: {
    // Without a cache each of the two hundred processes of a run would strip the types of the same sources, and compile them.
    NODE_COMPILE_CACHE: join(import.meta.dirname, "../.cache/compiled"),
    // Tests start servers in their own processes, where the command's runtime flags do not act.
    UV_THREADPOOL_SIZE: String(threadPoolSize),
    ...process.env,
  },
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});

function testFilesAt(place: string): readonly string[] {
  const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? globSync(`${place}/**/*.test.ts`).sort() : globSync(place);
}
