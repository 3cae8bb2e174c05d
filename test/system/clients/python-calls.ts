/** A Python script beside this file, and the calls it answers; see driver_loop.py for the lines between them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { clientEnvironment } from "./client-driver.ts";

export interface PythonScript {
  readonly python: string;
  /** Beside this file. */
  readonly script: string;
  readonly args: readonly string[];
}

export interface PythonCalls {
  /** Rejects with the script's stack trace. */
  call<T>(name: string, ...callArguments: readonly unknown[]): Promise<T>;
  close(): Promise<void>;
}

export function startPythonCalls({ python, script, args }: PythonScript): PythonCalls {
  const child = spawn(python, ["-B", join(import.meta.dirname, script), ...args], {
    env: { ...process.env, ...clientEnvironment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // Python answers one line at a time: the calls take turns, whatever the caller has in flight.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    call<T>(name: string, ...callArguments: readonly unknown[]): Promise<T> {
      const answered = turn.then(async () => {
        child.stdin.write(`${JSON.stringify({ call: name, arguments: callArguments })}\n`);
        const line = await answers.next();
        if (line.done === true) throw new Error(`${python} ${script} ended during ${name}`);
        const answer = JSON.parse(line.value) as { readonly result: T } | { readonly error: string };
        if ("error" in answer) throw new Error(`${name}: ${answer.error}`);
        return answer.result;
      });
      turn = answered.catch(() => undefined);
      return answered;
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
