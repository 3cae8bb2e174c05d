/** What one server runs with, checked and complete. Made by `loadConfig()`. */
export interface Config {
  /** 0: any port that is free on all hosts. */
  readonly port: number;
  /** Addresses or names, all on the same port. */
  readonly hosts: readonly string[];
  readonly engine: EngineName;
  /** Where the embedded engine keeps its files; made when absent. */
  readonly dataDirectory: string;
  /** The most that stored records may take of memory. */
  readonly memoryBudgetBytes: number;
  /** The most that the data directory may grow to; undefined: 80 % of what is free at start. */
  readonly diskBudgetBytes?: number;
  /** Names the account of a caller whose access key id is not an account number itself. */
  readonly account: string;
  readonly region: string;
  /** Lets unsigned requests in, and permits listening beyond loopback without verification. */
  readonly allowAnonymous: boolean;
  /** Undefined: signatures are looked at, not verified. */
  readonly credentials?: CredentialsFile;
  readonly keys: KeysChoice;
  /** The data directory is encrypted under a key that the master key of this name wraps. Undefined: it is plain. */
  readonly encryptAtRest?: { readonly keyId: string };
  readonly compression: Compression;
  /** Origins whose web pages may call; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** Made at start if absent. */
  readonly streams: readonly StreamAtStart[];
  /** Undefined: neither rates nor quotas. */
  readonly limits?: LimitsChoice;
  /** Slows CREATING, UPDATING and DELETING down, for clients that want to see them. */
  readonly transitionDelayMs: number;
  /** Undefined: the server makes its own certificate. */
  readonly tls?: TlsFiles;
  /** Moves metrics and console from the main port to one of their own. */
  readonly admin?: { readonly port: number; readonly hosts: readonly string[] };
  /** Opens the endpoints that move the clock and inject faults. */
  readonly dev: boolean;
  readonly logLevel: LogLevel;
}

export interface StreamAtStart {
  readonly name: string;
  readonly shardCount: number;
}

/** Who keeps the master keys of encrypted streams and of an encrypted directory: a file beside the data directory, or a key service. */
export type KeysChoice =
  | {
      readonly provider: "local";
      /** Undefined: they live as long as the process. */
      readonly keyring?: string;
    }
  | { readonly provider: "kms"; readonly endpoint?: string; readonly region?: string };

/** Amazon's rates and quotas, or those of a file: what it holds, known to be good, and where it came from. */
export type LimitsChoice = "aws" | { readonly path: string; readonly json: unknown };

/** What a credentials file held at start, known to be good, and where it is read again. */
export interface CredentialsFile {
  readonly path: string;
  readonly json: unknown;
}

/** What the two files held at start, as PEM text, known to belong together; and where they are read again. */
export interface TlsFiles {
  readonly certificatePath: string;
  readonly certificatePem: string;
  readonly keyPath: string;
  readonly keyPem: string;
}

export const engineNames = ["embedded", "memory"] as const;
export type EngineName = (typeof engineNames)[number];

export const directoryKeyIdDefault = "alias/millrace/data-directory";

export const keyProviders = ["local", "kms"] as const;

export const compressions = ["off", "zstd"] as const;
export type Compression = (typeof compressions)[number];

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export const configDefaults = {
  port: 4567,
  hosts: ["127.0.0.1", "::1"],
  engine: "embedded",
  dataDirectory: "./millrace-data",
  memoryBudgetBytes: 2 * 1024 ** 3,
  account: "000000000000",
  region: "us-east-1",
  allowAnonymous: false,
  keys: { provider: "local", keyring: "./millrace-data.keyring" },
  compression: "off",
  corsOrigins: [],
  streams: [],
  transitionDelayMs: 0,
  dev: false,
  logLevel: "info",
} as const satisfies Config;
