import { closestName } from "./closest-name.ts";
import { configDefaults, encryptAtRestKeyIdDefault } from "./config.ts";

/** One setting: `--name` on the command line, `MILLRACE_NAME` in the environment, `"name"` in a configuration file. */
interface Flag {
  readonly name: string;
  /** The value's placeholder in the help; absent for a switch. */
  readonly argument?: string;
  /** May be repeated, or hold several values with commas between them. */
  readonly list?: true;
  readonly help: string;
}

export const flags = [
  {
    name: "port",
    argument: "NUMBER",
    help: `port of HTTP/1.1, HTTP/2 and TLS; 0 picks a free one (${configDefaults.port})`,
  },
  { name: "also-port", argument: "NUMBER", list: true, help: "further port that serves the same; repeatable" },
  {
    name: "host",
    argument: "ADDRESS",
    list: true,
    help: `address to listen on (${configDefaults.hosts.join(" and ")})`,
  },
  {
    name: "engine",
    argument: "NAME",
    help: "embedded: durable, in a directory; memory: keeps nothing; jetstream: a preview (embedded)",
  },
  {
    name: "data-dir",
    argument: "DIRECTORY",
    help: `directory of the embedded engine, created if absent (${configDefaults.dataDirectory})`,
  },
  {
    name: "memory-budget",
    argument: "SIZE",
    help: "memory for stored records at most, memory engine only (2GiB, or 40 % of less memory)",
  },
  {
    name: "disk-budget",
    argument: "SIZE",
    help: "size of the data directory at most (80 % of the free space at start)",
  },
  {
    name: "on-fault",
    argument: "stay|exit",
    help: "when the log cannot be written: serve reads, or stop with exit code 3 (stay)",
  },
  {
    name: "nats",
    argument: "URL",
    list: true,
    help: "NATS server of the jetstream engine, e.g. nats://127.0.0.1:4222; repeatable",
  },
  { name: "nats-creds", argument: "FILE", help: "credentials file for the NATS servers" },
  {
    name: "nats-tls-ca",
    argument: "FILE",
    help: "certificates of the authorities that the NATS servers' are signed by",
  },
  { name: "nats-tls-cert", argument: "FILE", help: "client certificate for the NATS servers in PEM form" },
  { name: "nats-tls-key", argument: "FILE", help: "private key of --nats-tls-cert in PEM form" },
  {
    name: "nats-monitor",
    argument: "URL",
    list: true,
    help: "monitoring endpoint of a NATS server, to verify that it syncs; repeatable",
  },
  { name: "assume-fsync", help: "state that the NATS servers run with sync_interval always" },
  {
    name: "advertise",
    argument: "URL",
    help: "address by which other gateways reach this one, e.g. http://10.0.0.5:4567 (that of --host and --port)",
  },
  { name: "allow-degraded", help: "serve although acknowledged records may not be on the disks of a majority" },
  {
    name: "stream",
    argument: "NAME:SHARDS",
    list: true,
    help: "stream to create at start if it is absent, :REGION may follow; repeatable",
  },
  {
    name: "account",
    argument: "DIGITS",
    help: `account of callers whose access key id is no account number (${configDefaults.account})`,
  },
  { name: "region", argument: "REGION", help: `region of ARNs and responses (${configDefaults.region})` },
  { name: "allow-anonymous", help: "accept unsigned requests, and allow hosts beyond loopback without --credentials" },
  { name: "credentials", argument: "FILE", help: "JSON file of access keys; with it every signature is verified" },
  {
    name: "key-provider",
    argument: "local|kms",
    help: "where master keys of encrypted streams are: a keyring file, or AWS KMS (local)",
  },
  {
    name: "keyring",
    argument: "FILE",
    help: "file of the local provider's master keys (the data directory's name + .keyring)",
  },
  { name: "kms-endpoint", argument: "URL", help: "address of the kms provider's key service (Amazon's)" },
  { name: "kms-region", argument: "REGION", help: "region of the kms provider's keys (that of the key or the stream)" },
  { name: "encrypt-at-rest", help: "encrypt the data directory; only possible from its first start on" },
  {
    name: "encrypt-at-rest-key",
    argument: "KEY_ID",
    help: `master key of the encrypted data directory (${encryptAtRestKeyIdDefault})`,
  },
  { name: "compression", argument: "off|zstd", help: "compress stored records (off)" },
  {
    name: "cors-origin",
    argument: "ORIGIN",
    list: true,
    help: "origin whose web pages may call; * allows all; repeatable",
  },
  {
    name: "channels",
    argument: "FILE",
    help: "JSON file that says where the buckets and tables of channels are; without it CreateChannel is refused",
  },
  {
    name: "limits",
    argument: "off|aws|FILE",
    help: "rate limits and quotas: none, Amazon's, or those of a JSON file (off)",
  },
  {
    name: "split-hot-shards",
    help: "split shards of provisioned streams that take too much of the traffic; those of on-demand streams always are",
  },
  {
    name: "transition-delay",
    argument: "TIME",
    help: "how long streams stay CREATING, UPDATING, DELETING, e.g. 500ms (0)",
  },
  {
    name: "tls-cert",
    argument: "FILE",
    help: "certificate chain in PEM form; needs --tls-key (the server makes a self-signed one)",
  },
  { name: "tls-key", argument: "FILE", help: "private key of --tls-cert in PEM form, unencrypted" },
  { name: "admin-port", argument: "NUMBER", help: "separate port for metrics and the endpoints of --dev" },
  { name: "admin-host", argument: "ADDRESS", list: true, help: "address for the admin port (127.0.0.1)" },
  {
    name: "console",
    argument: "off|read-only|on",
    help: "web console at /console/ (on; read-only beyond loopback)",
  },
  {
    name: "otlp-endpoint",
    argument: "URL",
    help: "address of an OpenTelemetry collector that gets all metrics, e.g. http://127.0.0.1:4318",
  },
  { name: "dev", help: "open the endpoints that move the clock and inject faults" },
  { name: "log-level", argument: "LEVEL", help: "debug, info, warn, error or silent (info)" },
  { name: "config", argument: "FILE", help: "JSON file with any of these settings by name" },
] as const satisfies readonly Flag[];

export type FlagName = (typeof flags)[number]["name"];

const allFlags: readonly (Flag & { readonly name: FlagName })[] = flags;
const flagsByName = new Map(allFlags.map((flag) => [flag.name as string, flag]));

export function findFlag(name: string): (Flag & { readonly name: FlagName }) | undefined {
  return flagsByName.get(name);
}

export function environmentName(flag: FlagName): string {
  return `MILLRACE_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/** The flag that `dataDir`, `data_dir` or `data-dri` probably means, if there is one. */
export function similarFlag(name: string): FlagName | undefined {
  return closestName(
    name,
    allFlags.map((flag) => flag.name),
  );
}

/** What a program or a JSON file may give as the value of a flag, besides text. */
export function valueKindOf({ argument }: Flag): "number" | "boolean" | "text" {
  if (argument === undefined) return "boolean";
  return numericArguments.has(argument) ? "number" : "text";
}

const numericArguments: ReadonlySet<string> = new Set(["NUMBER", "SIZE", "TIME", "DIGITS"]);
