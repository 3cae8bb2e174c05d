/** The command as its users run it: in a child process, from the TypeScript sources, without settings of the machine. */
import assert from "node:assert/strict";
import { type ChildProcess, type ChildProcessByStdio, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { HostRequest } from "./cli-host.ts";

export const cliPath = join(import.meta.dirname, "../../src/cli/cli.ts");

export interface CliOptions {
  readonly endpoint?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; empty by default. */
  readonly input?: string;
}

export interface CliOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type CliProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** The variables of this process, without those that lead a client somewhere. */
export function cliEnvironment({ endpoint, env = {} }: CliOptions): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(MILLRACE|AWS)_/.test(name));
  const nowhere = { AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" };
  const there = endpoint === undefined ? {} : { MILLRACE_ENDPOINT: endpoint };
  return { ...(Object.fromEntries(entries) as Record<string, string>), ...nowhere, ...there, ...env };
}

/** A process of its own, to be killed, or read while it runs. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  const child = spawn(process.execPath, [cliPath, ...args], {
    env: cliEnvironment(options),
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that does not read its input ends before it is written.
  child.stdin.on("error", () => undefined);
  return child;
}

let host: ChildProcess | undefined;

/** The process that runs the commands of this test file; it ends with it. */
function cliHost(): ChildProcess {
  if (host === undefined) {
    const options = { stdio: ["ignore", "ignore", "inherit", "ipc"] as ["ignore", "ignore", "inherit", "ipc"] };
    host = fork(join(import.meta.dirname, "cli-host.ts"), options);
    process.once("exit", () => host?.kill("SIGKILL"));
  }
  return host;
}

/** One command after another. Only what a process of its own would show differs: see `startCli`. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliOutcome> {
  const child = cliHost();
  const request: HostRequest = { args, env: cliEnvironment(options), input: options.input ?? "" };
  child.ref();
  child.channel?.ref();
  const answered = new AbortController();
  const { signal } = answered;
  const outcomes = [once(child, "message", { signal }), once(child, "exit", { signal }).then(() => [undefined])];
  child.send(request);
  const [outcome] = await Promise.race(outcomes);
  answered.abort();
  await Promise.allSettled(outcomes);
  assert(outcome !== undefined, `millrace ${args.join(" ")} ended its process`);
  child.unref();
  child.channel?.unref();
  return outcome as CliOutcome;
}

/** The standard output of a command that must succeed. */
export async function cliOutput(args: readonly string[], options: CliOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, options);
  assert.equal(code, 0, `millrace ${args.join(" ")}: ${stderr}`);
  return stdout;
}
