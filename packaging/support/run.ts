import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { newestPython } from "../../test/support/available-tools.ts";

export const root = join(import.meta.dirname, "../..");
/** What is built or fetched, kept from run to run. */
export const cache = join(root, ".cache", "packaging");

const outputBytesMax = 64 * 1024 * 1024;
const timeMsMax = 600_000;
const errorCharsMax = 64 * 1024;
const readyLine = /millrace ready on http:\/\/[^ ]+:(\d+) /;

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Resolves with what the command printed; rejects with all that it said when it fails. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  try {
    const settings = { cwd: root, maxBuffer: outputBytesMax, timeout: timeMsMax, ...options };
    const { stdout } = await promisify(execFile)(command, args, settings);
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "", message = "" } = error as { stdout?: string; stderr?: string; message?: string };
    throw new Error(`${[command, ...args].join(" ")}\n${stdout}${stderr === "" ? message : stderr}`, { cause: error });
  }
}

/** For scripts: an error is what it says, on standard error, and exit code 1. */
export async function runScript(name: string, script: () => Promise<void>): Promise<void> {
  try {
    await script();
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message.trim() : String(error)}\n`);
    process.exitCode = 1;
  }
}

export interface Serving {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Starts a command that prints Millrace's ready line, and resolves with the port that the line names. */
export async function serve(command: string, args: readonly string[], options: RunOptions = {}): Promise<Serving> {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
  process.once("exit", () => child.kill("SIGKILL"));
  // A test that fails before it stops its server must not keep the process of the tests alive.
  child.unref();
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-errorCharsMax);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const port = readyLine.exec(line)?.[1];
    if (port === undefined) continue;
    for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
    return { child, port: Number(port) };
  }
  throw new Error(`${command} ${args.join(" ")} ended before it was ready\n${errors}`);
}

/** Resolves with exit code and signal. */
export async function stop({ child }: Serving, signal: NodeJS.Signals): Promise<unknown> {
  const exited = once(child, "exit");
  child.ref();
  child.kill(signal);
  return exited;
}

/** Puts `count` records with boto3, or reads them back and checks their number and order. */
export async function walk(
  command: "put" | "read",
  endpoint: string,
  { stream = "orders", count = 2_000 } = {},
): Promise<string> {
  const found = newestPython("boto3");
  assert(found !== undefined, "no boto3; node scripts/get-client-tools.mjs gets it");
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const program = join(import.meta.dirname, "../tests/walk.py");
  return run(found.python, ["-B", program, command, stream, String(count)], { env });
}
