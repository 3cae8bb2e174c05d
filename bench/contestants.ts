/** The servers that are compared, and how each is started. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { freePort, type Launch, type RunningServer, startProcess } from "./server-process.ts";

export interface Contestant {
  readonly name: string;
  readonly kind: "ours" | "floor" | "peer";
  /** For a server so slow that more rounds would take most of the run. */
  readonly roundsMax?: number;
  start(): Promise<RunningServer>;
}

const root = join(import.meta.dirname, "..");
const peers = join(import.meta.dirname, "node_modules");
const cliPath = join(root, "dist/cli/cli.js");
/** What `npm start` runs. */
const startedByUsers = ["--initial-old-space-size=256", cliPath];
const readyLine = /millrace ready on http:\/\/[^\s:]+:(\d+)/;

export const contestants: readonly Contestant[] = [
  { name: "millrace memory", kind: "ours", start: () => startMillraceServer("memory") },
  { name: "millrace durable", kind: "ours", start: () => startMillraceServer("embedded") },
  floor("drain"),
  floor("parse"),
  floor("answer"),
  {
    name: "kinesalite",
    kind: "peer",
    start: () =>
      startPeer((port) => ({
        file: process.execPath,
        args: [join(peers, "kinesalite/cli.js"), "--port", String(port)],
        ready: port,
      })),
  },
  {
    name: "kinesis-local",
    kind: "peer",
    roundsMax: 1,
    start: async () => {
      const tlsPort = await freePort();
      return startPeer((port) => ({
        // On Node 26 it stops reading large bodies and never answers, so it is measured on the machine's own, older Node.
        file: systemNode(),
        args: ["main.js"],
        // It reads its certificate from the working directory.
        cwd: join(peers, "kinesis-local"),
        env: { KINESIS_MOCK_PLAIN_PORT: String(port), KINESIS_MOCK_TLS_PORT: String(tlsPort), LOG_LEVEL: "ERROR" },
        ready: port,
      }));
    },
  },
];

/** Another checkout's server, built there before: what a change has to be compared with. */
export function earlierContestants(checkout: string): readonly Contestant[] {
  const cli = join(checkout, "dist/cli/cli.js");
  return [
    { name: "before memory", kind: "floor", start: () => startMillraceServer("memory", [cli]) },
    { name: "before durable", kind: "floor", start: () => startMillraceServer("embedded", [cli]) },
  ];
}

function floor(variant: string): Contestant {
  const args = [join(import.meta.dirname, "floor-server.ts"), variant];
  const launch: Launch = { file: process.execPath, args, ready: /floor ready on (\d+)/ };
  return { name: `floor: ${variant}`, kind: "floor", start: () => startProcess(launch) };
}

/** As users start it, from the built package, on an empty data directory that is removed afterwards. */
export async function startMillraceServer(
  engine: "memory" | "embedded",
  program: readonly string[] = startedByUsers,
): Promise<RunningServer> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const server = await serveDirectory(join(directory, "data"), ["--engine", engine], program);
    return { ...server, stop: () => server.stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The same on a data directory of the caller's, which stays. */
export function serveDirectory(
  dataDirectory: string,
  flags: readonly string[] = [],
  program: readonly string[] = startedByUsers,
): Promise<RunningServer> {
  const args = [...program, "serve", "--port", "0", "--data-dir", dataDirectory, ...flags];
  // The pool size that `npm start` gives.
  const env = { UV_THREADPOOL_SIZE: "8" };
  return startProcess({ file: process.execPath, args, cwd: dirname(dataDirectory), env, ready: readyLine });
}

async function startPeer(launch: (port: number) => Launch): Promise<RunningServer> {
  return startProcess(launch(await freePort()));
}

/** The `node` of the machine, not the one that npm puts first on the path; the running one if there is no other. */
function systemNode(): string {
  const directories = (process.env["PATH"] ?? "").split(delimiter).filter((one) => !one.includes("node_modules"));
  return directories.map((one) => join(one, "node")).find((file) => existsSync(file)) ?? process.execPath;
}

/** Brings dist/ up to date with src/. */
export function buildServer(): void {
  const { status } = spawnSync(process.execPath, [join(root, "scripts/setup.mjs"), "--build"], { stdio: "inherit" });
  if (status !== 0) throw new Error("the server does not build");
}

/** Installs the peers if they are not there: they are large, and nothing but this comparison needs them. */
export function installPeers(): void {
  if (spawnSync("npm", ["ls", "--prefix", import.meta.dirname], { stdio: "ignore" }).status === 0) return;
  console.error("installing the peers into bench/node_modules ...");
  const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", import.meta.dirname];
  const { status } = spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error("npm ci in bench/ failed");
}
