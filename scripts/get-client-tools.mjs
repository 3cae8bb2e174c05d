/**
 * Gets what tests need and npm cannot install: the clients that drive the server, which are the newest boto3 and AWS CLI and
 * boto 2, and moto, a second server for the clients of this project.
 * They come from PyPI into a Python environment of their own, .cache/client-tools, once; remove it to get newer ones.
 * `npm test` runs this by itself. It is quick when all is there, and one at a time.
 *
 * Exits 1, with a sentence that says why, if they cannot be had; the tests then use what clients the machine has.
 */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LockTimeoutError, withLock } from "./lock.mjs";

const cache = join(dirname(fileURLToPath(import.meta.url)), "..", ".cache");
const environment = join(cache, "client-tools");
const python = join(environment, "bin", "python3");
/** Written last, so that an installation that was cut short is none. Another recipe makes another environment. */
const stamp = join(environment, "installed-by");
const recipe = "2\n";

/** The clients; and moto, a second server of the API, with what its server needs for Kinesis. */
const packages = ["boto", "six", "boto3", "awscli", "moto", "flask", "flask-cors"];
/** Older ones get versions of boto3 and the AWS CLI that no longer learn operations. */
const pythonMinorMin = 10;
const pythonMinors = Array.from({ length: 10 }, (_, index) => 19 - index);
const stepMsMax = 600_000;
const pipOptions = ["--quiet", "--disable-pip-version-check", "--no-input", "--timeout", "30", "--retries", "3"];

const say = (text) => process.stderr.write(`get-client-tools: ${text}\n`);

/** An expected failure: its message is all that is printed. */
class ClientToolsError extends Error {}

function isInstalled() {
  try {
    // six is the quickest of the packages to import: an environment whose Python was replaced does not find it.
    return readFileSync(stamp, "utf8") === recipe && answers(python, ["-c", "import six"]);
  } catch {
    return false;
  }
}

async function install() {
  const found = findPython();
  say(`installing ${packages.join(", ")} with Python 3.${found.minor}`);
  await makeEnvironment(found.path);
  letNewPythonImportBoto();
  if (!answers(python, ["-c", "import boto3, awscli, moto.server"])) {
    throw new ClientToolsError("boto3, the AWS CLI and moto were installed, but cannot be imported");
  }
  writeFileSync(stamp, recipe);
}

/** The Python 3 in PATH, unless it is old and PATH has another one that is not. */
function findPython() {
  const names = ["python3", ...pythonMinors.map((minor) => `python3.${minor}`)];
  let oldOne;
  for (const path of names.flatMap((name) => onPath(name))) {
    const minor = minorOf(path);
    if (minor >= pythonMinorMin) return { path, minor };
    if (minor !== undefined) oldOne ??= { path, minor };
  }
  if (oldOne === undefined) throw new ClientToolsError("no Python 3 is in PATH; please install one");
  return oldOne;
}

function minorOf(path) {
  const { stdout } = spawnSync(path, ["-c", "import sys; print(sys.version_info[0], sys.version_info[1])"]);
  const minor = /^3 (\d+)\s*$/.exec(String(stdout))?.[1];
  return minor === undefined ? undefined : Number(minor);
}

async function makeEnvironment(systemPython) {
  if (!(await makeEmptyEnvironment(systemPython))) {
    throw new ClientToolsError(
      `${systemPython} can neither make an environment with pip (on Debian: apt-get install python3-venv) nor has pip`,
    );
  }
  const pip = answers(python, ["-m", "pip", "--version"])
    ? [python, "-m", "pip"]
    : [systemPython, "-m", "pip", "--python", python];
  const code = await run([...pip, "install", ...pipOptions, ...packages]);
  if (code !== 0) throw new ClientToolsError("pip could not install them from PyPI; its own words are above");
}

/** Debian's Python has neither `ensurepip` nor pip unless a package of its own brings them. */
async function makeEmptyEnvironment(systemPython) {
  const hasEnsurepip = () => answers(systemPython, ["-c", "import ensurepip, venv"]);
  const hasPip = () => answers(systemPython, ["-m", "pip", "--version"]);
  if (!hasEnsurepip() && !hasPip() && process.getuid?.() === 0 && onPath("apt-get").length > 0) {
    say("this Python has no pip; installing Debian's python3-venv");
    process.env["DEBIAN_FRONTEND"] = "noninteractive";
    await run(["apt-get", "update", "-qq"]);
    await run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "python3-venv"]);
  }
  rmSync(environment, { recursive: true, force: true });
  if (hasEnsurepip()) return (await run([systemPython, "-m", "venv", environment])) === 0;
  return hasPip() && (await run([systemPython, "-m", "venv", "--without-pip", environment])) === 0;
}

/**
 * Two things in boto 2 keep Python 3.12 and newer from importing it: its copy of six has an import hook of an old kind, in
 * whose place the newest six does, and a module for plugins imports `imp`, which is gone. Where that is not enough, boto 2
 * stays away, and its tests say so.
 */
function letNewPythonImportBoto() {
  const importsBoto = () => answers(python, ["-c", "import boto.kinesis.layer1"]);
  if (importsBoto()) return;
  const { stdout } = spawnSync(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
  const folder = String(stdout).trim();
  copyFileSync(join(folder, "six.py"), join(folder, "boto", "vendored", "six.py"));
  const plugin = join(folder, "boto", "plugin.py");
  writeFileSync(plugin, readFileSync(plugin, "utf8").replace(/^import imp$/m, ""));
  if (!importsBoto()) say("this Python is too new for boto 2, whose tests need an older one");
}

function onPath(name) {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function answers(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Beside the heartbeat of the lock, so not with spawnSync. */
function run([command, ...args]) {
  return new Promise((resolve) => {
    const stdio = ["ignore", process.stderr, process.stderr];
    const child = spawn(command, args, { stdio, timeout: stepMsMax });
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

async function main() {
  if (isInstalled()) return;
  const lock = { folder: `${environment}.lock`, waiting: () => say("waiting for another run that installs them") };
  await withLock(lock, async () => {
    // Looked at again: the process that held the lock before may have installed them.
    if (!isInstalled()) await install();
  });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ClientToolsError || error instanceof LockTimeoutError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
