/**
 * Gets the browser that tests of the web console drive, where the machine has none: from Debian as root, else with
 * Playwright's own installer. `npm test` runs this by itself; it is quick when there is a browser.
 *
 * Exits 1, with a sentence that says why, if it cannot be had; the tests then say that they were skipped, or fail in CI.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LockTimeoutError, withLock } from "./lock.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const lock = join(root, ".cache", "get-chromium.lock");
const commands = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const stepMsMax = 300_000;

const say = (text) => process.stderr.write(`get-chromium: ${text}\n`);

async function isHere() {
  if (process.env.MILLRACE_TEST_CHROMIUM !== undefined) return true;
  if (commands.some((command) => run(command, ["--version"], "ignore"))) return true;
  const { chromium } = await import("playwright-core");
  return existsSync(chromium.executablePath());
}

function run(command, args, stdio = ["ignore", 2, 2]) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return spawnSync(command, args, { stdio, env, timeout: stepMsMax }).status === 0;
}

function install() {
  if (process.getuid?.() === 0 && run("apt-get", ["--version"], "ignore")) {
    say("installing Debian's chromium");
    const packages = ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"];
    if (run("apt-get", ["update", "-qq"]) && run("apt-get", packages)) return true;
  }
  say("installing Playwright's chromium");
  return run(process.execPath, [join(root, "node_modules", "playwright-core", "cli.js"), "install", "chromium"]);
}

try {
  if (!(await isHere())) {
    await withLock({ folder: lock, waiting: () => say("waiting for another installation") }, async () => {
      if (!(await isHere()) && !install()) {
        say("there is no Chromium, and none can be installed; install one, or name it in MILLRACE_TEST_CHROMIUM");
        process.exitCode = 1;
      }
    });
  }
} catch (error) {
  if (!(error instanceof LockTimeoutError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
