/**
 * Runs the tests of channels with each store that they know, with more records than the suite has, and those that are long:
 *   npm run test:stores
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { storeNames } from "../../support/tested-store.ts";

const storeTests = ["bucket", "faults", "channel-kill-nine"].map((name) =>
  join(import.meta.dirname, `${name}.test.ts`),
);

function run(files: readonly string[], env: Readonly<Record<string, string>>): void {
  const args = ["--test", "--test-reporter=spec", "--test-concurrency=1", ...files];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exitCode = 1;
}

for (const store of storeNames) {
  console.log(store);
  run(storeTests, { MILLRACE_TEST_STORE: store, MILLRACE_TEST_RECORDS: "60000" });
}
run(
  globSync(join(import.meta.dirname, "*.{test,long}.ts")).filter((file) => !storeTests.includes(file)),
  {},
);
