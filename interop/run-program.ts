import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Environment } from "./library.ts";

const stdoutCharsMax = 64 * 1024;
const stderrCharsMax = 16 * 1024;

export interface ProgramOptions {
  readonly cwd: string;
  readonly timeMsMax: number;
  readonly env?: Environment;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) kill(child);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** Resolves with what the program printed; rejects with the end of what it complained of, when it fails or takes too long. */
export async function runProgram(command: readonly [string, ...string[]], options: ProgramOptions): Promise<string> {
  const [file, ...args] = command;
  // A group of its own, so that what it started ends with it.
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(-stdoutCharsMax);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-stderrCharsMax);
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    kill(child);
  }, options.timeMsMax);
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    if (code === 0) return stdout;
    const how = isLate ? `took more than ${options.timeMsMax} ms` : `ended with ${signal ?? code}`;
    throw new Error(`${command.slice(0, 2).join(" ")} ${how}\n${stdout.slice(-stderrCharsMax)}${stderr}`);
  } finally {
    clearTimeout(timer);
    kill(child);
    running.delete(child);
  }
}

/** The whole group: a leader that has ended may have left others behind. */
function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // No process is left.
  }
}
