/** The complete, checked configuration of one server. Made by `loadConfig()`. */
export interface Config {
  /** 0: any port that is free on all hosts. */
  readonly port: number;
  /** Further ports that serve the same on all hosts. */
  readonly alsoPorts: readonly number[];
  /** Addresses or names, all on the same port. */
  readonly hosts: readonly string[];
  readonly engine: EngineName;
  /** The embedded engine keeps its files here; created if absent. */
  readonly dataDirectory: string;
  /** Bound of the memory of stored records; memory engine only. Undefined: `defaultMemoryBudgetBytes()`. */
  readonly memoryBudgetBytes?: number;
  /** Bound of the size of the data directory; undefined: 80 % of the free space at start. */
  readonly diskBudgetBytes?: number;
  /** When the write-ahead log has stopped: serve reads only, or stop with an exit code of its own. */
  readonly onFault: FaultReaction;
  /** The account of a caller whose access key id is not an account number. */
  readonly account: string;
  readonly region: string;
  /** Accepts unsigned requests, and allows listening beyond loopback without verification. */
  readonly allowAnonymous: boolean;
  /** Undefined: signatures are read, not verified. */
  readonly credentials?: CredentialsFile;
  readonly keys: KeyProviderConfig;
  /** Encrypts the data directory under a key that the master key of this name wraps. Undefined: no encryption. */
  readonly encryptAtRest?: { readonly keyId: string };
  readonly compression: Compression;
  /** Origins whose web pages may call; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** Where the buckets of channels are: JSON that is not checked yet. Undefined: no channels. */
  readonly channels?: NamedFile;
  /** Created at start if absent. */
  readonly streams: readonly StreamAtStart[];
  /** Undefined: neither rates nor quotas. */
  readonly limits?: LimitsSource;
  /** Splits hot shards of provisioned streams; else they are only reported. */
  readonly splitsHotShards: boolean;
  /** How long streams stay CREATING, UPDATING and DELETING, for clients that want to see these states. */
  readonly transitionDelayMs: number;
  /** Undefined: the server makes a self-signed certificate. */
  readonly tls?: TlsFiles;
  /** Moves metrics and dev endpoints from the main port to this one. */
  readonly admin?: { readonly port: number; readonly hosts: readonly string[] };
  /** What the web console may do. Undefined: all on a server that only its own machine reaches, else only reading. */
  readonly console?: ConsoleMode;
  /** Present with the jetstream engine. */
  readonly nats?: NatsConfig;
  /** The collector that gets all metrics by OTLP over HTTP. Undefined: none. */
  readonly otlpEndpoint?: string;
  /** Opens the endpoints that move the clock and inject faults. */
  readonly dev: boolean;
  readonly logLevel: LogLevel;
}

/** How a gateway reaches its NATS servers, what it is told about them, and how other gateways reach it. Files are read at start. */
export interface NatsConfig {
  readonly urls: readonly string[];
  /** The text of a credentials file. */
  readonly credentials?: string;
  /** The files of the settings that name one, by flag. */
  readonly paths: Readonly<Record<string, string | undefined>>;
  /** PEM texts. */
  readonly tls?: { readonly ca?: string; readonly certificate?: string; readonly key?: string };
  /** Addresses of the monitoring endpoints of the servers. */
  readonly monitorUrls: readonly string[];
  /** The operator states that the servers sync each record to disk before they acknowledge it. */
  readonly assumesFsync: boolean;
  /** Serves although acknowledged records may not be on the disks of a majority. */
  readonly allowsDegraded: boolean;
  /** `http://HOST:PORT` of this gateway for the others; undefined: made of its hosts and port. */
  readonly advertised?: string;
}

export interface StreamAtStart {
  readonly name: string;
  readonly shardCount: number;
  /** Undefined: the server's own. */
  readonly region?: string;
}

/** Where the master keys of encrypted streams and of an encrypted directory are: in a file, or in a key service. */
export type KeyProviderConfig =
  | {
      readonly provider: "local";
      /** Undefined: in memory, lost with the process. */
      readonly keyring?: string;
    }
  | { readonly provider: "kms"; readonly endpoint?: string; readonly region?: string };

/** Amazon's rates and quotas, or those of a file: its checked contents and its path. */
export type LimitsSource = "aws" | { readonly path: string; readonly json: unknown };

/** A file whose contents are JSON, as it is at start, and its path, from which it is read again. */
export interface NamedFile {
  readonly path: string;
  readonly json: unknown;
}

/** The checked contents of the credentials file at start, and its path, from which it is read again. */
export interface CredentialsFile {
  readonly path: string;
  readonly json: unknown;
}

/** A certificate and its private key, as PEM text read at start, and their paths, from which they are read again. */
export interface TlsFiles {
  readonly certificatePath: string;
  readonly certificatePem: string;
  readonly keyPath: string;
  readonly keyPem: string;
}

export const faultReactions = ["stay", "exit"] as const;
export type FaultReaction = (typeof faultReactions)[number];

export const engineNames = ["embedded", "memory", "jetstream"] as const;
export type EngineName = (typeof engineNames)[number];

export const encryptAtRestKeyIdDefault = "alias/millrace/data-directory";

export const keyProviders = ["local", "kms"] as const;

export const compressions = ["off", "zstd"] as const;
export type Compression = (typeof compressions)[number];

export const consoleModes = ["off", "read-only", "on"] as const;
export type ConsoleMode = (typeof consoleModes)[number];

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export const configDefaults = {
  port: 4567,
  alsoPorts: [],
  hosts: ["127.0.0.1", "::1"],
  engine: "embedded",
  dataDirectory: "./millrace-data",
  onFault: "stay",
  account: "000000000000",
  region: "us-east-1",
  allowAnonymous: false,
  splitsHotShards: false,
  keys: { provider: "local", keyring: "./millrace-data.keyring" },
  compression: "off",
  corsOrigins: [],
  streams: [],
  transitionDelayMs: 0,
  dev: false,
  logLevel: "info",
} as const satisfies Config;
