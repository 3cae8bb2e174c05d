import { createPrivateKey, X509Certificate } from "node:crypto";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { closestName } from "./closest-name.ts";
import {
  type Config,
  type CredentialsFile,
  compressions,
  configDefaults,
  consoleModes,
  type EngineName,
  encryptAtRestKeyIdDefault,
  engineNames,
  faultReactions,
  type KeyProviderConfig,
  keyProviders,
  type LimitsSource,
  logLevels,
  type StreamAtStart,
  type TlsFiles,
} from "./config.ts";
import {
  type Environment,
  readArguments,
  readConfigText,
  readEnvironment,
  readObject,
  unknownVariables,
} from "./config-sources.ts";
import type { FlagName } from "./flags.ts";
import {
  isLoopback,
  parseAccount,
  parseBudgetBytes,
  parseChoice,
  parseFixedPort,
  parseHost,
  parseHttpUrl,
  parseNonEmpty,
  parseOrigin,
  parsePort,
  parseRegion,
  parseStreamAtStart,
  parseSwitch,
  parseTransitionDelay,
} from "./parse-value.ts";
import { streamsAtStartMax } from "./process-limits.ts";
import { natsFlags, readNats } from "./read-nats.ts";
import { type FileReader, optional, readOrComplain, Settings } from "./settings.ts";

/** A complete configuration, and one sentence for each setting that has no effect; or all its problems, each as one sentence. */
export type LoadedConfig =
  | { readonly config: Config; readonly notices: readonly string[]; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly config?: never; readonly notices?: never };

/** The problems of the contents of a JSON file, each as one sentence. */
export type FileCheck = (json: unknown) => readonly string[];

/** Checks of the files whose contents other modules define. */
export interface FileChecks {
  readonly limits: FileCheck;
  readonly credentials: FileCheck;
}

/** Precedence: a flag, then the environment, then the file that `--config` names, then the default. */
export function loadConfig(
  argv: readonly string[],
  environment: Environment,
  readFile: FileReader,
  checks: FileChecks,
): LoadedConfig {
  const problems: string[] = [];
  const sources = [readArguments(argv, problems), readEnvironment(environment)];
  const path = new Settings(sources, problems).one("config", parseNonEmpty, "a file");
  if (path !== undefined) {
    const json = readOrComplain(path, readFile, problems, "--config");
    if (json !== undefined) sources.push(readConfigText(json, path, problems));
  }
  const loaded = finish(new Settings(sources, problems), readFile, checks);
  if (loaded.problems !== undefined) return loaded;
  return { ...loaded, notices: [...unknownVariables(environment), ...loaded.notices] };
}

/** Reads settings that a program passes, each under the name of its flag; `nameOf` gives their names in the program. */
export function loadConfigFromObject(
  settings: object,
  nameOf: (flag: string) => string,
  readFile: FileReader,
  checks: FileChecks,
): LoadedConfig {
  const problems: string[] = [];
  return finish(new Settings([readObject(settings, { nameOf, keyOf: nameOf }, problems)], problems), readFile, checks);
}

function finish(settings: Settings, readFile: FileReader, checks: FileChecks): LoadedConfig {
  // In the order of the flags, so that problems are too. The path of the keyring depends on the first four.
  const port = settings.one("port", parsePort, "a port number from 0 to 65535") ?? configDefaults.port;
  const alsoPorts = readAlsoPorts(settings, port);
  const hosts = settings.list("host", parseHost, "an address or host name") ?? configDefaults.hosts;
  const engine = readEngine(settings) ?? configDefaults.engine;
  const dataDirectory = settings.one("data-dir", parseNonEmpty, "a directory") ?? configDefaults.dataDirectory;
  const config: Config = {
    port,
    alsoPorts,
    hosts,
    engine,
    dataDirectory,
    ...optional("memoryBudgetBytes", settings.one("memory-budget", parseBudgetBytes, aSize)),
    ...optional("diskBudgetBytes", settings.one("disk-budget", parseBudgetBytes, aSize)),
    onFault: settings.one("on-fault", parseChoice(...faultReactions), "stay or exit") ?? configDefaults.onFault,
    account: settings.one("account", parseAccount, "an account number of 12 digits") ?? configDefaults.account,
    region: settings.one("region", parseRegion, "a region such as us-east-1") ?? configDefaults.region,
    allowAnonymous: settings.one("allow-anonymous", parseSwitch, "true or false") ?? configDefaults.allowAnonymous,
    ...optional("credentials", readCredentials(settings, readFile, checks.credentials)),
    ...readEncryption(settings, { engine, dataDirectory }),
    compression: settings.one("compression", parseChoice(...compressions), "off or zstd") ?? configDefaults.compression,
    corsOrigins:
      settings.list("cors-origin", parseOrigin, "an origin such as https://app.example, or *") ??
      configDefaults.corsOrigins,
    ...optional("channels", readChannels(settings, readFile)),
    streams: readStreams(settings),
    ...optional("limits", readLimits(settings, readFile, checks.limits)),
    splitsHotShards: settings.one("split-hot-shards", parseSwitch, "true or false") ?? configDefaults.splitsHotShards,
    transitionDelayMs:
      settings.one("transition-delay", parseTransitionDelay, "a time up to an hour such as 500ms or 2s") ??
      configDefaults.transitionDelayMs,
    ...optional("tls", readTls(settings, readFile)),
    ...optional("nats", readNats(settings, readFile, engine)),
    ...optional("admin", readAdmin(settings)),
    ...optional("console", settings.one("console", parseChoice(...consoleModes), "off, read-only or on")),
    ...optional(
      "otlpEndpoint",
      settings.one("otlp-endpoint", parseHttpUrl, "an address such as http://127.0.0.1:4318"),
    ),
    dev: settings.one("dev", parseSwitch, "true or false") ?? configDefaults.dev,
    logLevel: settings.one("log-level", parseChoice(...logLevels), logLevels.join(", ")) ?? configDefaults.logLevel,
  };
  checkAccess(config, settings);
  if (settings.problems.length > 0) return { problems: settings.problems };
  return { config, notices: withoutEffect(config, settings) };
}

/** Flags of one engine that the other ignores. They are no mistake: one configuration may serve both. */
const flagsOfEngine: Readonly<Record<EngineName, readonly FlagName[]>> = {
  embedded: ["data-dir", "disk-budget", "on-fault"],
  memory: ["memory-budget"],
  jetstream: natsFlags,
};

function withoutEffect({ engine }: Config, settings: Settings): readonly string[] {
  const others = engineNames.filter((name) => name !== engine);
  return others.flatMap((other) =>
    flagsOfEngine[other]
      .filter((flag) => settings.has(flag))
      .map((flag) => `${settings.nameOf(flag)}: has no effect with the ${engine} engine, only with ${other}`),
  );
}

const anEngine =
  "an engine of this version: embedded (durable, in a data directory), memory (nothing is kept) or jetstream (on NATS servers, a preview)";
const aSize = "a size of at least 1MiB such as 512MiB or 2GiB";

function readAlsoPorts(settings: Settings, port: number): readonly number[] {
  const ports = settings.list("also-port", parseFixedPort, "a port number from 1 to 65535") ?? configDefaults.alsoPorts;
  const taken = [port, ...ports];
  const twice = new Set(taken.filter((each, index) => taken.indexOf(each) !== index));
  for (const each of twice) settings.complain("also-port", `port ${each} is given more than once`);
  return ports;
}

function readEngine(settings: Settings): Config["engine"] | undefined {
  return settings.one("engine", parseChoice(...engineNames), anEngine);
}

function readStreams(settings: Settings): readonly StreamAtStart[] {
  const streams =
    settings.list("stream", parseStreamAtStart, "a stream name and 1 to 10000 shards, such as orders:4") ?? [];
  const names = streams.map(({ name, region }) => (region === undefined ? name : `${name} in ${region}`));
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  for (const name of twice) settings.complain("stream", `${JSON.stringify(name)} is given more than once`);
  if (streams.length > streamsAtStartMax) {
    settings.complain(
      "stream",
      `${streams.length} streams are more than the ${streamsAtStartMax} that can be made at start`,
    );
  }
  return streams;
}

function readLimits(settings: Settings, readFile: FileReader, check: FileCheck): LimitsSource | undefined {
  const choice = settings.one("limits", parseNonEmpty, '"off", "aws" or a file');
  if (choice === undefined || choice === "off") return undefined;
  if (choice === "aws") return choice;
  const similar = closestName(choice, ["off", "aws"]);
  const hint = similar === undefined ? "" : ` (did you mean ${similar}?)`;
  return readChecked("limits", choice, { settings, readFile, check, hint });
}

function readCredentials(settings: Settings, readFile: FileReader, check: FileCheck): CredentialsFile | undefined {
  const path = settings.one("credentials", parseNonEmpty, "a file");
  return path === undefined ? undefined : readChecked("credentials", path, { settings, readFile, check, hint: "" });
}

/** What is in the file is checked when the module that delivers is loaded, which most servers never do. */
function readChannels(settings: Settings, readFile: FileReader): Config["channels"] {
  const path = settings.one("channels", parseNonEmpty, "a file");
  const check: FileCheck = () => [];
  return path === undefined ? undefined : readChecked("channels", path, { settings, readFile, check, hint: "" });
}

interface Checking {
  readonly settings: Settings;
  readonly readFile: FileReader;
  readonly check: FileCheck;
  /** Follows the sentence that the file does not exist. */
  readonly hint: string;
}

function readChecked(
  flag: "limits" | "credentials" | "channels",
  path: string,
  { settings, readFile, check, hint }: Checking,
): { readonly path: string; readonly json: unknown } | undefined {
  const text = readOrComplain(path, readFile, settings.problems, settings.nameOf(flag), hint);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the file, and credentials are secret.
    const why = flag === "limits" && error instanceof Error ? ` (${error.message})` : "";
    settings.problems.push(`${path}: is not valid JSON${why}`);
    return undefined;
  }
  settings.problems.push(...check(json).map((problem) => `${path}: ${problem}`));
  return { path, json };
}

function readKeys(settings: Settings, ownKeyring: string | undefined): KeyProviderConfig {
  const provider = settings.one("key-provider", parseChoice(...keyProviders), "local or kms") ?? "local";
  const keyring = settings.one("keyring", parseNonEmpty, "a file");
  const endpoint = settings.one("kms-endpoint", parseHttpUrl, "an address such as http://localhost:8080");
  const region = settings.one("kms-region", parseRegion, "a region such as us-east-1");
  const unused = provider === "kms" ? (["keyring"] as const) : (["kms-endpoint", "kms-region"] as const);
  for (const flag of unused) {
    if (!settings.has(flag)) continue;
    const other = provider === "kms" ? "local" : "kms";
    settings.complain(flag, `has no effect unless ${settings.nameOf("key-provider")} is ${other}`);
  }
  if (provider === "kms") return { provider, ...optional("endpoint", endpoint), ...optional("region", region) };
  return { provider, ...optional("keyring", keyring ?? ownKeyring) };
}

function readEncryption(
  settings: Settings,
  { engine, dataDirectory }: Pick<Config, "engine" | "dataDirectory">,
): Pick<Config, "keys" | "encryptAtRest"> {
  const keys = readKeys(settings, engine === "memory" ? undefined : keyringBeside(dataDirectory));
  const isWanted = settings.one("encrypt-at-rest", parseSwitch, "true or false") === true;
  const keyId = settings.one("encrypt-at-rest-key", parseNonEmpty, "a key id, its ARN or an alias");
  if (!isWanted) {
    if (keyId !== undefined) {
      settings.complain("encrypt-at-rest-key", `has no effect without ${settings.nameOf("encrypt-at-rest")}`);
    }
    return { keys };
  }
  if (engine !== "embedded") {
    const why = engine === "memory" ? "which stores nothing on disk" : "whose servers have the disks";
    settings.complain("encrypt-at-rest", `has no effect with the ${engine} engine, ${why}`);
  }
  if (keys.provider === "local" && keys.keyring !== undefined && isInside(dataDirectory, keys.keyring)) {
    const sentence = `${keys.keyring} is inside the data directory, so a copy of the directory has the key that decrypts it`;
    settings.complain("keyring", `${sentence}; choose a file elsewhere`);
  }
  return { keys, encryptAtRest: { keyId: keyId ?? encryptAtRestKeyIdDefault } };
}

function isInside(directory: string, file: string): boolean {
  const path = relative(resolve(directory), resolve(file));
  return path !== "" && path.split(sep)[0] !== ".." && !isAbsolute(path);
}

/** The keyring of a data directory: outside, so that a copy of the directory does not have its keys. */
export function keyringBeside(dataDirectory: string): string {
  return `${dataDirectory.replace(/[/\\]+$/, "")}.keyring`;
}

function readTls(settings: Settings, readFile: FileReader): TlsFiles | undefined {
  const certificatePath = settings.one("tls-cert", parseNonEmpty, "a file");
  const keyPath = settings.one("tls-key", parseNonEmpty, "a file");
  if (certificatePath === undefined && keyPath === undefined) return undefined;
  if (certificatePath === undefined) settings.complain("tls-key", `needs ${settings.nameOf("tls-cert")} as well`);
  if (keyPath === undefined) settings.complain("tls-cert", `needs ${settings.nameOf("tls-key")} as well`);
  if (certificatePath === undefined || keyPath === undefined) return undefined;
  const certificatePem = readOrComplain(certificatePath, readFile, settings.problems, settings.nameOf("tls-cert"));
  const keyPem = readOrComplain(keyPath, readFile, settings.problems, settings.nameOf("tls-key"));
  if (certificatePem === undefined || keyPem === undefined) return undefined;
  const certificate = orUndefined(() => new X509Certificate(certificatePem));
  const key = orUndefined(() => createPrivateKey(keyPem));
  if (certificate === undefined) settings.complain("tls-cert", `${certificatePath} holds no certificate in PEM form`);
  if (key === undefined) settings.complain("tls-key", `${keyPath} holds no unencrypted private key in PEM form`);
  if (certificate === undefined || key === undefined) return undefined;
  if (!certificate.checkPrivateKey(key)) {
    settings.complain("tls-key", `${keyPath} is not the key of the certificate in ${certificatePath}`);
  }
  return { certificatePath, certificatePem, keyPath, keyPem };
}

function readAdmin(settings: Settings): Config["admin"] {
  const port = settings.one("admin-port", parsePort, "a port number from 0 to 65535");
  const hosts = settings.list("admin-host", parseHost, "an address or host name");
  if (hosts !== undefined && !settings.has("admin-port")) {
    settings.complain("admin-host", `has no effect without ${settings.nameOf("admin-port")}`);
  }
  return port === undefined ? undefined : { port, hosts: hosts ?? ["127.0.0.1"] };
}

/** Who may call must be decided before a server listens beyond loopback. */
function checkAccess(config: Config, settings: Settings): void {
  if (config.engine === "jetstream" && config.dev) {
    settings.complain("dev", "is not possible with the jetstream engine: the NATS servers' clocks cannot be moved");
  }
  if (settings.has("credentials")) {
    if (config.allowAnonymous) {
      settings.complain("allow-anonymous", `contradicts ${settings.nameOf("credentials")}; leave out one of the two`);
    }
    return;
  }
  const exposed = config.hosts.filter((host) => !isLoopback(host));
  if (exposed.length === 0 || config.allowAnonymous) return;
  const [credentials, allowAnonymous] = [settings.nameOf("credentials"), settings.nameOf("allow-anonymous")];
  settings.complain(
    "host",
    `${exposed.join(", ")} is not a loopback address, and without verified signatures every machine that reaches it can read and write all streams; verify them with ${credentials} FILE, or accept that with ${allowAnonymous}`,
  );
}

function orUndefined<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
