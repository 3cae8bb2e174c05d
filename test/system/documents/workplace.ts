/** A user's place to try a snippet: a folder of its own, and a shell in it whose PATH begins with the commands given. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { root } from "./snippets.ts";

const readyLine = /millrace ready on (http:\/\/127\.0\.0\.1:(\d+)) /;
const outputBytesMax = 16 * 1024 * 1024;
const readyMsMax = 120_000;
const commandMsMax = 180_000;
/** What a clone does not have: made by tools, or of this machine. */
const notCloned: ReadonlySet<string> = new Set([".cache", ".git", "dist", "millrace-data", "node_modules"]);

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
}

export interface Served {
  readonly endpoint: string;
  readonly port: number;
  stop(): Promise<void>;
}

export class Workplace implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "millrace-snippets-"));
  readonly #children = new Set<ChildProcess>();

  constructor() {
    mkdirSync(join(this.folder, "bin"));
    this.provideCommand("millrace", `exec ${quoted(process.execPath)} ${quoted(join(root, "src/cli/cli.ts"))} "$@"`);
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text, { mode: 0o600 });
  }

  /** A shell script that the snippets find under this name. */
  provideCommand(name: string, script: string): void {
    writeFileSync(this.path("bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** Copies what a clone has to `millrace`, beside the packages that are installed already. */
  clone(): string {
    const clone = this.path("millrace");
    mkdirSync(clone);
    for (const name of readdirSync(root)) {
      if (!notCloned.has(name))
        cpSync(join(root, name), join(clone, name), { recursive: true, preserveTimestamps: true });
    }
    symlinkSync(join(root, "node_modules"), join(clone, "node_modules"));
    return clone;
  }

  /** Lets programs in the folder import `millrace` from the sources, as an installed package. */
  linkMillrace(): void {
    const modules = this.path("node_modules");
    mkdirSync(modules);
    for (const name of readdirSync(join(root, "node_modules"))) {
      if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(modules, name));
    }
    mkdirSync(join(modules, "millrace"));
    const entry = join(root, "src/app/package-entry.ts");
    // Node does not strip the types of files below node_modules; this one only passes the sources on.
    writeFileSync(join(modules, "millrace", "index.js"), `export * from ${JSON.stringify(entry)};\n`);
    writeFileSync(
      join(modules, "millrace", "package.json"),
      '{"name": "millrace", "type": "module", "main": "index.js"}',
    );
  }

  /** Runs it as a script that ends at the first command that fails. */
  async run(
    script: string,
    options: { readonly folder?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ran> {
    const settings = {
      cwd: options.folder ?? this.folder,
      env: { ...this.#environment(), ...options.env },
      maxBuffer: outputBytesMax,
      timeout: commandMsMax,
    };
    try {
      return await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], settings);
    } catch (error) {
      const { stdout = "", stderr = "" } = error as Partial<Ran>;
      throw new Error(`${script}\n${stdout}${stderr}`, { cause: error });
    }
  }

  /** Runs a command that serves until it is stopped, and waits until it says that it is ready. */
  async serve(
    command: string,
    options: { readonly folder?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Served> {
    const child = spawn("bash", ["-c", command], {
      cwd: options.folder ?? this.folder,
      env: { ...this.#environment(), ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      // npm and the shell between do not pass every signal on.
      detached: true,
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const ended = new AbortController();
    child.once("close", () => ended.abort());
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(readyMsMax)]);
    for (;;) {
      const [, endpoint, port] = readyLine.exec(output) ?? [];
      if (endpoint !== undefined) return { endpoint, port: Number(port), stop: () => stop(child) };
      await once(child.stdout, "data", { signal }).catch(() => assert.fail(`${command} was not ready:\n${output}`));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map(stop));
    if (existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true });
  }

  #environment(): NodeJS.ProcessEnv {
    // What npm says to the script that runs this test would be taken as orders for the project of the snippet, and the
    // settings of the test's own servers and of the machine's AWS account as the reader's.
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(npm_(?!config_(cache|registry))|MILLRACE_|AWS_|NODE_TEST_)/i.test(name),
    );
    const path = [this.path("bin"), dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
    return {
      ...Object.fromEntries(kept),
      PATH: path,
      AWS_CONFIG_FILE: this.path("no-config"),
      AWS_SHARED_CREDENTIALS_FILE: this.path("no-config"),
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_PAGER: "",
      npm_config_prefer_offline: "true",
      npm_config_audit: "false",
      npm_config_fund: "false",
    };
  }
}

/** The snippet as it is on a machine where the default port is taken. */
export function withPort(code: string, port: number): string {
  return code.replaceAll("4567", String(port));
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  process.kill(-child.pid, "SIGTERM");
  await exited;
}
