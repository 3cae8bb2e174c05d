import { readFileSync } from "node:fs";
import type { Compression, ConsoleMode, EngineName, LogLevel } from "../config/config.ts";
import { loadConfigFromObject } from "../config/load-config.ts";
import { StartError } from "../config/start-error.ts";
import { namedFileChecks } from "./named-file-checks.ts";
import { startServer } from "./start-server.ts";

/** The flags of `millrace serve` for a server inside a program, with their names in camelCase. */
export interface MillraceOptions {
  /** Default: 0, any free port. */
  readonly port?: number;
  /** Further ports that serve the same. */
  readonly alsoPort?: number | readonly number[];
  readonly host?: string | readonly string[];
  /** Default: `memory`; `embedded` when `dataDir` is given. */
  readonly engine?: EngineName;
  readonly dataDir?: string;
  /** Bytes, or a size such as `512MiB`. Default: 2 GiB, or 40 % of the memory that the process may use if that is less. */
  readonly memoryBudget?: number | string;
  /** Bytes, or a size such as `10GiB`. */
  readonly diskBudget?: number | string;
  /** Takes effect in `millrace serve` alone: a server inside a program never ends its process. */
  readonly onFault?: "stay" | "exit";
  /** Streams to create at start if they are absent, each as `name:shards` or `name:shards:region`. */
  readonly stream?: string | readonly string[];
  readonly account?: string;
  readonly region?: string;
  readonly allowAnonymous?: boolean;
  /** Path of a JSON file of access keys; with it every signature is verified. */
  readonly credentials?: string;
  /** Where the master keys of encrypted streams are. Default: `local`, a keyring file. */
  readonly keyProvider?: "local" | "kms";
  /** Path of the local provider's file. Default: beside `dataDir`; without one, in memory. */
  readonly keyring?: string;
  /** Address of the `kms` provider's service. Default: Amazon's. */
  readonly kmsEndpoint?: string;
  readonly kmsRegion?: string;
  /** Encrypts `dataDir`; only possible from its first start on. */
  readonly encryptAtRest?: boolean;
  /** The master key that wraps the directory's key. Default: `alias/millrace/data-directory`. */
  readonly encryptAtRestKey?: string;
  /** Default: `off`. */
  readonly compression?: Compression;
  /** Path of a JSON file that says where buckets and tables are; with it channels deliver. */
  readonly channels?: string;
  readonly corsOrigin?: string | readonly string[];
  /** `aws`, or the path of a JSON file with other limits. Default: `off`. */
  readonly limits?: string;
  /** Splits hot shards of provisioned streams. */
  readonly splitHotShards?: boolean;
  /** Milliseconds, or a time such as `2s`. */
  readonly transitionDelay?: number | string;
  /** Path of a PEM file; needs `tlsKey`. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Default: `on`; `read-only` when a host is not loopback. */
  readonly console?: ConsoleMode;
  readonly dev?: boolean;
  /** Default: `error`. */
  readonly logLevel?: LogLevel;
}

export interface Millrace {
  /** The endpoint for a client, such as `http://127.0.0.1:40123`. */
  readonly endpoint: string;
  /** Drains and stops; requests in flight get 5 seconds. Calling it again joins the first call. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server inside this process, for tests: by default on a free port of the loopback addresses, with the memory
 * engine. It reads neither the environment nor configuration files, and sets no runtime flags of Node or V8. Throws
 * `StartError` with one sentence for each wrong option, or with the reason why the server cannot start.
 */
export async function startMillrace(options: MillraceOptions = {}): Promise<Millrace> {
  if (Object(options) !== options) throw new StartError("the options must be an object, such as { port: 4567 }");
  const settings: Record<string, unknown> = {
    port: 0,
    engine: options.dataDir === undefined ? "memory" : "embedded",
    "log-level": "error",
  };
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) settings[flagNameOf(name)] = value;
  }
  const readText = (path: string): string => readFileSync(path, "utf8");
  const { config, notices, problems } = loadConfigFromObject(settings, optionNameOf, readText, namedFileChecks);
  if (problems !== undefined) throw new StartError(problems.join("\n"));
  const server = await startServer(config, { notices }).catch((error: unknown) => {
    throw error instanceof StartError ? inOptions(error) : error;
  });
  const close = (): Promise<void> => server.close();
  return { endpoint: server.endpoint, close, [Symbol.asyncDispose]: close };
}

/** The same error, about options in place of flags. */
function inOptions({ message, cause }: StartError): StartError {
  const text = message.replaceAll(/--([a-z]+(?:-[a-z]+)*)/g, (_, flag: string) => `the option ${optionNameOf(flag)}`);
  return new StartError(text, { cause });
}

function flagNameOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function optionNameOf(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
