/** Starts one server as a child process, knows when it is ready, and surely ends it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";

const readyMsMax = 20_000;
const stopMsMax = 5_000;
const outputCharsMax = 20_000;

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Either what its output says when it is ready, with the port as the only group, or the port to try until it answers. */
  readonly ready: RegExp | number;
}

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  readonly readyMs: number;
  /** Where it keeps its files, if the bench gave it a place for them. */
  readonly dataDirectory?: string;
  /** With `SIGKILL`: as a crash of the process would end it. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

export async function startProcess(launch: Launch): Promise<RunningServer> {
  const begin = performance.now();
  const child = spawn(launch.file, launch.args, {
    cwd: launch.cwd,
    env: { ...process.env, ...launch.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  const exited = once(child, "exit");
  let output = "";
  const collect = (chunk: Buffer) => {
    if (output.length < outputCharsMax) output += chunk.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (!running.has(child)) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
    await exited;
    clearTimeout(timer);
  };
  try {
    const port = await readyPort(launch.ready, child, () => output);
    return { pid: child.pid ?? 0, port, readyMs: performance.now() - begin, stop };
  } catch (error) {
    await stop();
    throw new Error(`${launch.args.join(" ")}: ${error instanceof Error ? error.message : error}\n${output}`);
  }
}

async function readyPort(ready: RegExp | number, child: ChildProcess, output: () => string): Promise<number> {
  const deadline = performance.now() + readyMsMax;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("ended before it was ready");
    if (typeof ready === "number") {
      if (await answers(ready)) return ready;
    } else {
      const port = ready.exec(output())?.[1];
      if (port !== undefined) return Number(port);
    }
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, typeof ready === "number" ? 20 : 1000);
      if (typeof ready !== "number") child.stdout?.once("data", () => resolve(clearTimeout(timer)));
    });
  }
  throw new Error(`not ready after ${readyMsMax} ms`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}
