/** The command as its users run it: a child process from the TypeScript sources, without settings of the machine. */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";

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

export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  const child = spawn(process.execPath, [cliPath, ...args], {
    env: cliEnvironment(options),
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that does not read its input ends before it is written.
  child.stdin.on("error", () => undefined);
  return child;
}

export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliOutcome> {
  const child = startCli(args, options);
  child.stdin.end(options.input ?? "");
  const [[code], stdout, stderr] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** The standard output of a command that must succeed. */
export async function cliOutput(args: readonly string[], options: CliOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, options);
  assert.equal(code, 0, `millrace ${args.join(" ")}: ${stderr}`);
  return stdout;
}
