/**
 * Runs the tests of what users install, one file after another: they share the image, podman and ports.
 *
 *   npm run test:packages                  all: about ten minutes
 *   npm run test:packages -- --short       what CI runs: without a second build of everything, and the clients' containers
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { root } from "./support/run.ts";

const longTests = ["release.test.ts", "testcontainers.test.ts"];

const isShort = process.argv.includes("--short");
const files = globSync("packaging/tests/*.test.ts", { cwd: root })
  .filter((file) => !isShort || !longTests.some((name) => file.endsWith(name)))
  .sort();
const options = ["--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=600000"];
const child = spawn(process.execPath, [...options, ...files.map((file) => join(root, file))], { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
