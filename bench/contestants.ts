/** The servers that are compared, and how each is started. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { peers } from "./peers.ts";
import { type Launch, type RunningServer, startProcess } from "./server-process.ts";
import { benchCredential, plainWire, type Wire } from "./wire.ts";

export interface Contestant {
  readonly name: string;
  readonly kind: "ours" | "floor" | "peer";
  /** For a server so slow that more rounds would take most of the run. */
  readonly roundsMax?: number;
  readonly wire: Wire;
  /** Whether the stream's records are encrypted (StartStreamEncryption). */
  readonly isEncrypted: boolean;
  /** `nodeFlags` are for our servers alone. */
  start(nodeFlags?: readonly string[]): Promise<RunningServer>;
}

type Engine = "memory" | "durable";

/** One thing that is otherwise than in the plain server. */
interface Variant {
  readonly name: string;
  readonly wire?: Partial<Wire>;
  readonly isEncrypted?: boolean;
  /** Files that the server gets, each by the flag that names it. */
  readonly files?: Readonly<Record<string, object>>;
}

const root = join(import.meta.dirname, "..");
const cliPath = join(root, "dist/cli/cli.js");
const readyLine = /millrace ready on http:\/\/[^\s:]+:(\d+)/;

const variants: readonly Variant[] = [
  { name: "cbor", wire: { codec: "cbor" } },
  { name: "sigv4", wire: { isSigned: true }, files: { "--credentials": { credentials: [benchCredential] } } },
  { name: "tls", wire: { isTls: true } },
  // Amazon's rates are on for everything; those of a shard's writes are so high that nothing meets them.
  {
    name: "limits",
    files: {
      "--limits": {
        ...{ shardWriteBytesPerSecond: 2_000_000_000, shardWriteRecordsPerSecond: 2_000_000_000 },
        ...{ shardReadBytesPerSecond: null, callsPerSecond: { GetRecords: null } },
        shardCountMaxByRegion: { "us-east-1": null },
      },
    },
  },
  { name: "encryption", isEncrypted: true },
  { name: "h2c", wire: { http: "2" } },
];

export const contestants: readonly Contestant[] = [
  millrace("memory"),
  millrace("durable"),
  ...variants.flatMap((variant) => [millrace("memory", variant), millrace("durable", variant)]),
  floor("drain"),
  floor("parse"),
  floor("answer"),
  ...peers.map((peer): Contestant => ({ ...peer, kind: "peer", wire: plainWire, isEncrypted: false })),
];

/** Another checkout's server, as `npm start` starts it there: what a change has to be compared with. */
export function earlierContestants(checkout: string): readonly Contestant[] {
  const program = npmStartIn(resolve(checkout));
  const earlier = (engine: Engine): Contestant => ({
    ...{ name: `before ${engine}`, kind: "floor", wire: plainWire, isEncrypted: false },
    start: () => startMillraceServer(engine, { program }),
  });
  return [earlier("memory"), earlier("durable")];
}

function millrace(engine: Engine, variant: Partial<Variant> = {}): Contestant {
  const { name, wire = {}, isEncrypted = false, files = {} } = variant;
  return {
    name: name === undefined ? `millrace ${engine}` : `millrace ${engine} ${name}`,
    kind: "ours",
    wire: { ...plainWire, ...wire },
    isEncrypted,
    start: (nodeFlags = []) => startMillraceServer(engine, { files, program: builtServer(nodeFlags) }),
  };
}

function floor(variant: string): Contestant {
  const args = [join(import.meta.dirname, "floor-server.ts"), variant];
  const launch: Launch = { file: process.execPath, args, ready: /floor ready on (\d+)/ };
  const name = `floor: ${variant}`;
  return { name, kind: "floor", wire: plainWire, isEncrypted: false, start: () => startProcess(launch) };
}

/** What starts a server; its own arguments follow. */
interface Program {
  readonly file: string;
  readonly args: readonly string[];
  /** Where it has to be started; by default beside the data directory. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** This checkout's, as every user starts it: the command sets its runtime flags itself. */
export function builtServer(nodeFlags: readonly string[] = []): Program {
  return { file: process.execPath, args: [...nodeFlags, cliPath, "serve"] };
}

/** The script of a checkout's package.json. It ends with an `exec` of the server, whose process is thus the shell's. */
function npmStartIn(checkout: string): Program {
  const { scripts } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
  const path = `${join(checkout, "node_modules", ".bin")}${delimiter}${process.env["PATH"] ?? ""}`;
  return { file: "sh", args: ["-c", `${scripts.start} "$@"`, "npm start"], cwd: checkout, env: { PATH: path } };
}

interface ServerOptions {
  readonly program?: Program;
  readonly files?: Readonly<Record<string, object>>;
}

/** As users start it, from the built package, on an empty data directory that is removed afterwards. */
export async function startMillraceServer(
  engine: Engine,
  { program = builtServer(), files = {} }: ServerOptions = {},
): Promise<RunningServer> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  const dataDirectory = join(directory, "data");
  const flags = ["--engine", engine === "durable" ? "embedded" : "memory"];
  try {
    for (const [flag, content] of Object.entries(files)) {
      const path = join(directory, `${flag.slice(2)}.json`);
      await writeFile(path, JSON.stringify(content), { mode: 0o600 });
      flags.push(flag, path);
    }
    const server = await serveDirectory(dataDirectory, flags, program);
    return { ...server, dataDirectory, stop: (signal) => server.stop(signal).finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The same on a data directory of the caller's, which stays. */
export function serveDirectory(
  dataDirectory: string,
  flags: readonly string[] = [],
  { file, args, cwd = dirname(dataDirectory), env = {} }: Program = builtServer(),
): Promise<RunningServer> {
  const all = [...args, "--port", "0", "--data-dir", dataDirectory, ...flags];
  return startProcess({ file, args: all, cwd, env, ready: readyLine });
}
