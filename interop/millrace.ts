/** The built server as its users run it, on free ports and a data directory of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect } from "node:tls";
import { callerArgs, clientEnvironment, type VerifyOption } from "./client-environment.ts";
import type { Environment } from "./library.ts";

const root = join(import.meta.dirname, "..");
const readyLine = /^millrace ready on http:\/\/[^:]+:(\d+) /;
const stopMsMax = 10_000;

export interface MillraceOptions extends VerifyOption {
  /** Further flags. */
  readonly args?: readonly string[];
  /** Further variables of the server's environment. */
  readonly env?: Environment;
}

export class Millrace implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #port: number;

  private constructor(child: ChildProcess, directory: string, port: number) {
    this.#child = child;
    this.#directory = directory;
    this.#port = port;
  }

  /** Resolves when it is ready and its certificate authority's file is there. */
  static async start({ args: furtherArgs = [], env = {}, ...options }: MillraceOptions): Promise<Millrace> {
    const directory = mkdtempSync(join(tmpdir(), "millrace-interop-"));
    const dataDir = join(directory, "data");
    const args = [
      "serve",
      "--port",
      "0",
      "--data-dir",
      dataDir,
      "--log-level",
      "warn",
      ...callerArgs(directory, options),
      ...furtherArgs,
    ];
    const child = spawn(process.execPath, ["dist/cli/cli.js", ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    // A runner that is told to stop must not leave its server behind.
    const clear = (): void => {
      child.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    };
    process.once("exit", clear);
    child.once("exit", () => process.off("exit", clear));
    try {
      const millrace = new Millrace(child, directory, await portOf(child));
      await millrace.#greetOverTls();
      return millrace;
    } catch (error) {
      clear();
      throw error;
    }
  }

  get environment(): Environment {
    return clientEnvironment(this.#directory, {
      MILLRACE_HTTP: `http://127.0.0.1:${this.#port}`,
      MILLRACE_HTTPS: `https://localhost:${this.#port}`,
      MILLRACE_CA: this.#caFile,
    });
  }

  get #caFile(): string {
    return join(this.#directory, "data", "tls", "ca.pem");
  }

  /** The certificate is made on the first TLS hello. */
  async #greetOverTls(): Promise<void> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    socket.destroy();
    if (!existsSync(this.#caFile)) throw new Error(`the server made no ${this.#caFile}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = this.#child.exitCode === null ? once(this.#child, "exit") : Promise.resolve();
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), stopMsMax);
    await exited;
    clearTimeout(timer);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error("the server has no standard output");
  for await (const line of createInterface({ input: child.stdout })) {
    const port = readyLine.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error("the server ended before it was ready");
}
