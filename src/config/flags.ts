import { configDefaults, directoryKeyIdDefault } from "./config.ts";

/** One setting: `--name` on the command line, `MILLRACE_NAME` in the environment, `"name"` in a configuration file. */
interface Flag {
  readonly name: string;
  /** What stands for the value in the help; absent for a switch. */
  readonly argument?: string;
  /** May be repeated, or hold several values with commas between them. */
  readonly list?: true;
  readonly help: string;
}

export const flags = [
  {
    name: "port",
    argument: "NUMBER",
    help: `port that speaks everything; 0 picks a free one (${configDefaults.port})`,
  },
  {
    name: "host",
    argument: "ADDRESS",
    list: true,
    help: `address to listen on (${configDefaults.hosts.join(" and ")})`,
  },
  {
    name: "engine",
    argument: "NAME",
    help: "embedded: a directory, every answer durable; memory: nothing kept (embedded)",
  },
  {
    name: "data-dir",
    argument: "DIRECTORY",
    help: `where the embedded engine keeps its files (${configDefaults.dataDirectory})`,
  },
  { name: "memory-budget", argument: "SIZE", help: "most memory for stored records, e.g. 512MiB (2GiB)" },
  { name: "disk-budget", argument: "SIZE", help: "most disk for the data directory (80 % of what is free at start)" },
  { name: "stream", argument: "NAME:SHARDS", list: true, help: "a stream to make at start if it is absent" },
  {
    name: "account",
    argument: "DIGITS",
    help: `account of callers whose key id names none (${configDefaults.account})`,
  },
  { name: "region", argument: "REGION", help: `region in names and answers (${configDefaults.region})` },
  { name: "allow-anonymous", help: "let unsigned requests in, and allow hosts beyond loopback" },
  { name: "credentials", argument: "FILE", help: "JSON file of access keys to verify every signature with" },
  { name: "key-provider", argument: "local|kms", help: "who keeps the master keys of what is encrypted (local)" },
  {
    name: "keyring",
    argument: "FILE",
    help: "where the local provider keeps them (the data directory's name + .keyring)",
  },
  { name: "kms-endpoint", argument: "URL", help: "key service of the kms provider (Amazon's own)" },
  { name: "kms-region", argument: "REGION", help: "its region for every key (that of the key or the stream)" },
  { name: "encrypt-at-rest", help: "encrypt the whole data directory; from its first start on, or never" },
  {
    name: "encrypt-at-rest-key",
    argument: "KEY_ID",
    help: `master key that wraps the directory's own (${directoryKeyIdDefault})`,
  },
  { name: "compression", argument: "off|zstd", help: "store records compressed where that makes them smaller (off)" },
  { name: "cors-origin", argument: "ORIGIN", list: true, help: "origin whose web pages may call; * for all" },
  { name: "limits", argument: "off|aws|FILE", help: "rates and quotas: none, Amazon's, or a JSON file's (off)" },
  {
    name: "transition-delay",
    argument: "TIME",
    help: "time that streams stay CREATING, UPDATING, DELETING, e.g. 500ms (0)",
  },
  { name: "tls-cert", argument: "FILE", help: "certificate chain in PEM form (one is made for this machine)" },
  { name: "tls-key", argument: "FILE", help: "its private key in PEM form" },
  { name: "admin-port", argument: "NUMBER", help: "moves metrics and console to a port of their own" },
  { name: "admin-host", argument: "ADDRESS", list: true, help: "address for the admin port (127.0.0.1)" },
  { name: "nats", argument: "URL", list: true, help: "servers of the jetstream engine (not in this version)" },
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

/** The name that somebody who wrote `dataDir` or `data_dir` meant, if there is one. */
export function similarFlag(name: string): FlagName | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return allFlags.find((flag) => plain(flag.name) === plain(name))?.name;
}

export function flagsHelp(): string {
  const lefts = allFlags.map(({ name, argument }) => `--${name}${argument === undefined ? "" : ` ${argument}`}`);
  const width = Math.max(...lefts.map((left) => left.length));
  return allFlags.map((flag, index) => `  ${(lefts[index] ?? "").padEnd(width)}  ${flag.help}\n`).join("");
}
