/** Other Kinesis servers: where each comes from, and how it is started. None of them acknowledges durably. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePort } from "../test/support/free-ports.ts";
import { type Launch, type RunningServer, startProcess } from "./server-process.ts";

interface Peer {
  readonly name: string;
  readonly roundsMax?: number;
  start(): Promise<RunningServer>;
}

const root = join(import.meta.dirname, "..");
const modules = join(import.meta.dirname, "node_modules");
/** What does not come from npm is installed here. */
const cache = join(root, ".cache/peers");
const motoVersion = "5.2.1";
const ferrokinesisVersion = "0.7.0";
const moto = join(cache, `moto-${motoVersion}`);
const ferrokinesis = join(cache, `ferrokinesis-${ferrokinesisVersion}`);

export const peers: readonly Peer[] = [
  {
    name: "kinesalite",
    start: () =>
      startOnFreePort((port) => ({
        file: process.execPath,
        args: [join(modules, "kinesalite/cli.js"), "--port", String(port), "--shardLimit", "20000"],
        ready: port,
      })),
  },
  {
    name: "kinesis-local",
    roundsMax: 1,
    start: async () => {
      const tlsPort = await freePort();
      return startOnFreePort((port) => ({
        // On Node 26 it stops reading large bodies and never answers, so it is measured on the machine's own, older Node.
        file: systemNode(),
        args: ["main.js"],
        // It reads its certificate from the working directory.
        cwd: join(modules, "kinesis-local"),
        env: { KINESIS_MOCK_PLAIN_PORT: String(port), KINESIS_MOCK_TLS_PORT: String(tlsPort), LOG_LEVEL: "ERROR" },
        ready: port,
      }));
    },
  },
  {
    name: "moto",
    roundsMax: 1,
    start: () =>
      startOnFreePort((port) => ({
        file: join(moto, "bin/python3"),
        args: [join(moto, "bin/moto_server"), "--host", "127.0.0.1", "--port", String(port)],
        ready: port,
      })),
  },
  {
    name: "ferrokinesis",
    start: () =>
      startOnFreePort((port) => ({
        file: join(ferrokinesis, "bin/ferrokinesis"),
        args: ["--port", String(port), "--log-level", "error", "--access-log=false"],
        ready: port,
      })),
  },
];

async function startOnFreePort(launch: (port: number) => Launch): Promise<RunningServer> {
  return startProcess(launch(await freePort()));
}

/** The `node` of the machine, not the one that npm puts first on the path; the running one if there is no other. */
function systemNode(): string {
  const directories = (process.env["PATH"] ?? "").split(delimiter).filter((one) => !one.includes("node_modules"));
  return directories.map((one) => join(one, "node")).find((file) => existsSync(file)) ?? process.execPath;
}

/**
 * Installs those that are wanted and not there: they are large, and nothing but this comparison needs them. Returns the
 * names of those that can be had here; why another one cannot is printed.
 */
export function installPeers(wanted: readonly string[]): readonly string[] {
  return wanted.filter((name) => {
    const isHere = installers[name]?.() ?? false;
    if (!isHere) console.error(`${name} is left out: it could not be installed on this machine`);
    return isHere;
  });
}

const installers: Readonly<Record<string, () => boolean>> = {
  kinesalite: installFromNpm,
  "kinesis-local": installFromNpm,
  moto: installMoto,
  ferrokinesis: installFerrokinesis,
};

function installFromNpm(): boolean {
  if (succeeds("npm", ["ls", "--prefix", import.meta.dirname], { isQuiet: true })) return true;
  console.error("installing the peers with npm into bench/node_modules ...");
  return succeeds("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", import.meta.dirname]);
}

function installMoto(): boolean {
  const python = join(moto, "bin/python3");
  if (succeeds(python, ["-c", "import moto.server, flask"], { isQuiet: true })) return true;
  console.error(`installing moto ${motoVersion} with pip into .cache/peers ...`);
  if (!succeeds("python3", ["-m", "venv", moto])) return false;
  const options = ["--quiet", "--disable-pip-version-check", "--timeout", "20", "--retries", "2"];
  return succeeds(python, ["-m", "pip", "install", ...options, `moto[server]==${motoVersion}`]);
}

function installFerrokinesis(): boolean {
  if (existsSync(join(ferrokinesis, "bin/ferrokinesis"))) return true;
  console.error(`building ferrokinesis ${ferrokinesisVersion} with cargo in .cache/peers, which takes minutes ...`);
  const options = ["--quiet", "--locked", "--version", ferrokinesisVersion, "--root", ferrokinesis];
  return succeeds("cargo", ["install", ...options, "ferrokinesis"]);
}

/** Standard output belongs to the report. */
function succeeds(command: string, args: readonly string[], { isQuiet = false } = {}): boolean {
  const stderr = isQuiet ? "ignore" : "inherit";
  return spawnSync(command, args, { stdio: ["ignore", "ignore", stderr] }).status === 0;
}
