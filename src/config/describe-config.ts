import { type Config, configDefaults } from "./config.ts";
import { type FlagName, flags } from "./flags.ts";
import type { natsFlags } from "./read-nats.ts";
import { shownUrl } from "./shown-url.ts";

/** One setting as it is in force. */
export interface ConfigSetting {
  /** The flag without its dashes. */
  readonly name: FlagName;
  /** Absent where nothing is set. */
  readonly value?: string;
  /** Whether it differs from the default. */
  readonly isSet: boolean;
  readonly help: string;
}

/** Every flag with the value in force. Files are named, their contents are not shown. */
export function describeConfig(config: Config): readonly ConfigSetting[] {
  const values = valuesOf(config);
  const defaults = valuesOf(configDefaults);
  return flags.map(({ name, help }) => {
    const value = values[name];
    return { name, isSet: value !== defaults[name], help, ...(value === undefined ? {} : { value }) };
  });
}

function valuesOf(config: Config): Readonly<Record<FlagName, string | undefined>> {
  const { admin, keys, limits, tls, encryptAtRest, diskBudgetBytes } = config;
  const kms = keys.provider === "kms" ? keys : undefined;
  return {
    port: String(config.port),
    "also-port": config.alsoPorts.join(", ") || undefined,
    host: config.hosts.join(", "),
    engine: config.engine,
    "data-dir": config.engine === "embedded" ? config.dataDirectory : undefined,
    "memory-budget": config.engine === "memory" ? bytesText(config.memoryBudgetBytes) : undefined,
    "disk-budget": bytesText(diskBudgetBytes),
    "on-fault": config.onFault,
    stream: config.streams.map(({ name, shardCount }) => `${name}:${shardCount}`).join(", ") || undefined,
    account: config.account,
    region: config.region,
    "allow-anonymous": String(config.allowAnonymous),
    credentials: config.credentials?.path,
    "key-provider": keys.provider,
    keyring: keys.provider === "local" ? keys.keyring : undefined,
    "kms-endpoint": kms?.endpoint,
    "kms-region": kms?.region,
    "encrypt-at-rest": String(encryptAtRest !== undefined),
    "encrypt-at-rest-key": encryptAtRest?.keyId,
    compression: config.compression,
    "cors-origin": config.corsOrigins.join(", ") || undefined,
    channels: config.channels?.path,
    limits: limits === undefined ? "off" : limits === "aws" ? "aws" : limits.path,
    "split-hot-shards": String(config.splitsHotShards),
    "transition-delay": `${config.transitionDelayMs} ms`,
    "tls-cert": tls?.certificatePath,
    "tls-key": tls?.keyPath,
    "admin-port": admin === undefined ? undefined : String(admin.port),
    "admin-host": admin?.hosts.join(", "),
    ...natsValuesOf(config),
    console: config.console ?? "on (read-only beyond loopback)",
    "otlp-endpoint": config.otlpEndpoint === undefined ? undefined : shownUrl(config.otlpEndpoint),
    dev: String(config.dev),
    "log-level": config.logLevel,
    config: undefined,
  };
}

function bytesText(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : `${bytes} bytes`;
}

type NatsValues = Readonly<Record<(typeof natsFlags)[number], string | undefined>>;

/** Addresses are shown without user and password. */
function natsValuesOf({ nats }: Config): NatsValues {
  const addresses = (nats?.urls ?? []).map((url) => url.replace(/\/\/[^@/]*@/, "//"));
  return {
    nats: addresses.join(", ") || undefined,
    "nats-creds": nats?.paths["nats-creds"],
    "nats-tls-ca": nats?.paths["nats-tls-ca"],
    "nats-tls-cert": nats?.paths["nats-tls-cert"],
    "nats-tls-key": nats?.paths["nats-tls-key"],
    "nats-monitor": nats?.monitorUrls.join(", ") || undefined,
    "assume-fsync": String(nats?.assumesFsync ?? false),
    "allow-degraded": String(nats?.allowsDegraded ?? false),
    advertise: nats?.advertised,
  };
}
