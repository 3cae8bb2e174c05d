/**
 * The server as its users run it: a child process started from the TypeScript sources, on a free port and a data directory
 * of its own. Hold it with `await using`: process and directory are gone at the end of the block, whatever the test threw.
 */
import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

const root = join(import.meta.dirname, "../..");
const readyLine = /millrace ready on (http:\/\/\S+)\s/;
/** Counted, so that time in which this process or the whole machine is stopped does not count. */
const readyTicksMax = 300;
const tickMs = 100;
const stopMsMax = 10_000;
const outputCharsMax = 64 * 1024;

type Child = ChildProcessByStdio<null, Readable, Readable>;

export interface ServerOptions {
  /** Flags after `serve`, besides --port 0 and --data-dir. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A directory that outlives the server and is the caller's to remove; without it a temporary one is made. */
  readonly dataDir?: string;
  /** What `npm run build` has made instead of the sources, whose types take memory to strip in each thread. */
  readonly isBuilt?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const children = new Set<Child>();
const directories = new Set<string>();

// A test process that ends early (a crash, a time limit of the runner) must not leave servers behind.
process.on("exit", () => {
  for (const child of children) signalGroup(child, "SIGKILL");
  for (const directory of directories) removeWithKeyring(directory);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** The keyring lies beside the data directory. */
function removeWithKeyring(directory: string): void {
  for (const path of [directory, `${directory}.keyring`, `${directory}.keyring.lock`]) {
    rmSync(path, { recursive: true, force: true });
  }
}

export class ServerProcess implements AsyncDisposable {
  readonly dataDir: string;
  readonly #options: ServerOptions;
  #child: Child | undefined;
  #endpoint = "";
  #stdout = "";
  #stderr = "";
  /** How the last process ended; undefined while it runs. */
  #lastExit: Exit | undefined;

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "millrace-test-"));
    if (options.dataDir === undefined) directories.add(this.dataDir);
  }

  /** Resolves when the ready line has been printed. */
  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** `http://127.0.0.1:PORT`; another port after a restart. */
  get endpoint(): string {
    return this.#endpoint;
  }

  get port(): number {
    return Number(new URL(this.#endpoint).port);
  }

  get pid(): number {
    return this.#running().pid ?? 0;
  }

  /** Everything that all the starts so far wrote to standard error, up to a bound. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Starts on the same data directory; the earlier process must have ended. */
  async restart(): Promise<void> {
    this.launch();
    await this.waitUntilReady();
  }

  /** Starts without waiting, for tests that disturb the start itself. */
  launch(): void {
    assert(this.#child === undefined, "the server is still running");
    const entry = this.#options.isBuilt === true ? "dist/cli/cli.js" : "src/cli/cli.ts";
    const args = [entry, "serve", "--port", "0", "--data-dir", this.dataDir, ...(this.#options.args ?? [])];
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...this.#options.env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that whatever the server has started is killed with it.
      detached: process.platform !== "win32",
    });
    children.add(child);
    this.#child = child;
    this.#lastExit = undefined;
    this.#stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout = (this.#stdout + text).slice(0, outputCharsMax);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-outputCharsMax);
    });
    child.once("exit", (code, signal) => {
      children.delete(child);
      this.#lastExit = { code, signal };
      if (this.#child === child) this.#child = undefined;
    });
  }

  async waitUntilReady(): Promise<void> {
    const child = this.#running();
    const ended = new AbortController();
    child.once("close", () => ended.abort());
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
      if (ticks === readyTicksMax) ended.abort();
    }, tickMs);
    try {
      for (;;) {
        const endpoint = readyLine.exec(this.#stdout)?.[1];
        if (endpoint !== undefined) {
          this.#endpoint = endpoint;
          return;
        }
        await once(child.stdout, "data", { signal: ended.signal });
      }
    } catch {
      throw new Error(`the server was not ready after ${ticks} ticks of ${tickMs} ms: ${this.#stdout}${this.#stderr}`);
    } finally {
      clearInterval(ticking);
    }
  }

  /** Sends the signal, SIGKILL to the whole process group, and resolves when the process has ended. */
  async kill(signal: NodeJS.Signals): Promise<Exit> {
    const child = this.#running();
    const exited = once(child, "exit");
    signalGroup(child, signal);
    const timer = setTimeout(() => signalGroup(child, "SIGKILL"), stopMsMax);
    const [code, endedBy] = (await exited) as [number | null, NodeJS.Signals | null];
    clearTimeout(timer);
    return { code, signal: endedBy };
  }

  /** Resolves when the process has ended by itself. */
  async exited(): Promise<Exit> {
    if (this.#lastExit !== undefined) return this.#lastExit;
    const signal = AbortSignal.timeout(stopMsMax);
    const [code, endedBy] = (await once(this.#running(), "exit", { signal })) as [number | null, NodeJS.Signals | null];
    return { code, signal: endedBy };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child !== undefined) await this.kill("SIGKILL");
    if (!directories.delete(this.dataDir)) return;
    removeWithKeyring(this.dataDir);
  }

  #running(): Child {
    assert(this.#child !== undefined, "the server is not running");
    return this.#child;
  }
}

/** A gentle signal goes to the server alone, as a service manager sends it; systems without groups have no other way. */
function signalGroup(child: Child, signal: NodeJS.Signals): void {
  if (signal !== "SIGKILL" || child.pid === undefined || process.platform === "win32") {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // The whole group has ended by itself.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
