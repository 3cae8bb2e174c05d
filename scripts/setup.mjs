#!/usr/bin/env node
/**
 * Makes a fresh clone ready, then gets out of the way: installs when node_modules is not what the lock file says, builds
 * dist/ (only with --build) when src/ has changed and the web console when console/ has, and checks the pinned Node. Every
 * npm script runs it first.
 *
 * Plain JavaScript, because it must run on any Node 20 or newer before anything is installed. The pinned Node 26 comes
 * from npm; where its binary does not run, Node 24 or newer must be in PATH.
 * It prints to stderr only: stdout belongs to the program that follows.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LockTimeoutError, withLock } from "./lock.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const pinnedNode = join(modules, ".bin", "node");
const dist = join(root, "dist");
const buildStamp = join(dist, ".built-from");
const consoleFiles = join(root, "console", "dist");
const consoleStamp = join(root, ".cache", "console-built-from");
const lock = join(root, ".cache", "setup.lock");

const nodeMajorMin = 24;

const say = (text) => process.stderr.write(`setup: ${text}\n`);

/** An expected failure: its message is all that is printed. */
class SetupError extends Error {}

/**
 * npm leaves in node_modules a copy of the lock file as it was really installed, written last. Comparing the two answers
 * "is this what the lock file says" after a pull, an `npm install` by hand, or an install that was cut short.
 */
function isInstalled() {
  const wanted = readPackages(join(root, "package-lock.json"));
  const present = readPackages(join(modules, ".package-lock.json"));
  if (present === undefined || wanted === undefined) return false;
  delete wanted[""];
  for (const [path, entry] of Object.entries(wanted)) {
    const found = present[path];
    // Packages for other platforms are optional and absent.
    if (found === undefined ? entry.optional !== true : found.version !== entry.version) return false;
  }
  return Object.keys(present).every((path) => path in wanted);
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}

async function install() {
  say("installing the packages of package-lock.json");
  // The Node that runs npm, not the pinned one: `npm ci` deletes the latter while it works.
  const node = process.env.npm_node_execpath ?? process.execPath;
  const npm = process.env.npm_execpath;
  const viaNpm = npm?.endsWith(".js");
  // Warnings are about the Node that runs npm; what is installed runs on the pinned one.
  const options = [
    "ci",
    "--loglevel=error",
    "--include=dev",
    "--include=optional",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
  ];
  const code = viaNpm ? await run(node, [npm, ...options]) : await run("npm", options);
  if (code !== 0) throw new SetupError("npm ci failed; its own words are above");
}

/** Paths, sizes and times of everything that a build reads; also a deleted or restored file changes it. */
function fingerprintOf(files, folder) {
  const hash = createHash("sha256");
  const add = (path) => {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  const walk = (folder) => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(path);
      else add(path);
    }
  };
  for (const path of files) add(path);
  walk(folder);
  return hash.digest("hex");
}

function sourceFingerprint() {
  return fingerprintOf(["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"], "src");
}

function consoleFingerprint() {
  return fingerprintOf(["package-lock.json", "scripts/build-console.mjs"], "console/src");
}

function isConsoleBuilt() {
  // A copy of the scripts without the console has none to build.
  if (!existsSync(join(root, "console"))) return true;
  if (!existsSync(consoleFiles) || !existsSync(consoleStamp)) return false;
  return readFileSync(consoleStamp, "utf8") === consoleFingerprint();
}

async function buildConsole() {
  const fingerprint = consoleFingerprint();
  // Loaded here, because the bundler is there only after the install.
  const { buildConsole: build } = await import("./build-console.mjs");
  await build(consoleFiles);
  mkdirSync(dirname(consoleStamp), { recursive: true });
  writeFileSync(consoleStamp, fingerprint);
}

function isBuilt() {
  return existsSync(buildStamp) && readFileSync(buildStamp, "utf8") === sourceFingerprint();
}

async function build() {
  say("building dist/");
  const fingerprint = sourceFingerprint();
  // Built beside and swapped in: a failed build leaves the last good one, and no process sees a half-written folder.
  const fresh = `${dist}.${process.pid}`;
  const old = `${dist}.old.${process.pid}`;
  try {
    const tsc = join(modules, "typescript", "bin", "tsc");
    const code = await run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", fresh, "--noEmitOnError"]);
    if (code !== 0) throw new SetupError("the build failed; the compiler's own words are above");
    writeFileSync(join(fresh, ".built-from"), fingerprint);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** npm puts node_modules/.bin first in PATH, so what stands there is what runs next. */
function checkNode() {
  const tried = existsSync(pinnedNode) ? spawnSync(pinnedNode, ["--version"], { encoding: "utf8" }) : undefined;
  if (/^v\d+\./.test(tried?.stdout ?? "")) return;
  // The loader says which library is missing; Debian's smallest systems have no libatomic1.
  const [reason = ""] = tried?.stderr?.match(/lib[\w+.-]+: cannot open shared object file/) ?? [];
  const notHere = `the pinned Node does not run on this machine${reason === "" ? "" : ` (${reason})`}`;
  // A binary that does not run here (another libc, say) would shadow the system's Node for ever.
  rmSync(pinnedNode, { force: true });
  const system = spawnSync("node", ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "";
  const major = Number(/^v(\d+)\./.exec(system)?.[1] ?? 0);
  if (major < nodeMajorMin) {
    const instead = system === "" ? "no other Node is in PATH" : `the Node in PATH is ${system}`;
    throw new SetupError(`${notHere} and ${instead}; please install Node ${nodeMajorMin} or newer`);
  }
  say(`${notHere}; using ${system} from PATH instead`);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", process.stderr, process.stderr] });
    child.on("error", (error) => reject(new SetupError(`${command} could not be started: ${error.message}`)));
    child.on("exit", (code, signal) => resolve(signal === null ? code : 1));
  });
}

async function main() {
  const wantsBuild = process.argv.includes("--build");
  if (!isInstalled() || !isConsoleBuilt() || (wantsBuild && !isBuilt())) {
    await withLock({ folder: lock, waiting: () => say("waiting for another setup that is under way") }, async () => {
      // Looked at again: the process that held the lock before may have done the work.
      if (!isInstalled()) await install();
      if (!isConsoleBuilt()) await buildConsole();
      if (wantsBuild && !isBuilt()) await build();
    });
  }
  checkNode();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError || error instanceof LockTimeoutError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
