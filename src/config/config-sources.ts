import { parseArgs } from "node:util";
import { environmentName, type FlagName, findFlag, flags, similarFlag, valueKindOf } from "./flags.ts";

/** One source of settings: their texts, not yet parsed. */
export interface ConfigSource {
  readonly texts: ReadonlyMap<FlagName, readonly string[]>;
  /** The name of a setting in this source, for problems: `--port`, `MILLRACE_PORT`. */
  readonly nameOf: (flag: FlagName) => string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the command line. `parseArgs` of node:util runs without `strict`, because with it it stops at the first problem.
 */
export function readArguments(argv: readonly string[], problems: string[]): ConfigSource {
  const options = Object.fromEntries(
    flags.map((flag) => [flag.name, { type: "argument" in flag ? ("string" as const) : ("boolean" as const) }]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const texts = new Map<FlagName, string[]>();
  // Not -1: the first argument would follow it.
  let unknownOptionAt = -2;
  for (const token of tokens) {
    if (token.kind === "positional") {
      // The argument after an unknown option is most likely its value: one problem for both.
      if (token.index !== unknownOptionAt + 1) problems.push(`${JSON.stringify(token.value)}: unexpected argument`);
    } else if (token.kind === "option") {
      const given = readOption(token);
      if (typeof given !== "string") add(texts, given.flag, given.text, problems, token.rawName);
      else problems.push(`${token.rawName}: ${given}`);
      if (findFlag(token.name) === undefined && token.inlineValue !== true) unknownOptionAt = token.index;
    }
  }
  return { texts, nameOf: (flag) => `--${flag}` };
}

interface OptionToken {
  readonly name: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** The setting of one option, or its problem. */
function readOption({ name, value, inlineValue }: OptionToken): { flag: FlagName; text: string } | string {
  const flag = findFlag(name);
  if (flag !== undefined && flag.argument === undefined) return { flag: flag.name, text: value ?? "true" };
  if (flag !== undefined) {
    const isNextOption = inlineValue !== true && value?.startsWith("--") === true;
    return value === undefined || isNextOption ? `needs a value (${flag.argument})` : { flag: flag.name, text: value };
  }
  const negated = name.startsWith("no-") ? findFlag(name.slice("no-".length)) : undefined;
  if (negated !== undefined && negated.argument === undefined && value === undefined) {
    return { flag: negated.name, text: "false" };
  }
  return `unknown option${suggestion(name, (flag) => `--${flag}`)}`;
}

/** Empty variables count as unset. Unknown names are no problem, because other programs may define them: see `unknownVariables`. */
export function readEnvironment(environment: Environment): ConfigSource {
  const texts = new Map<FlagName, string[]>();
  for (const { name } of flags) {
    const text = environment[environmentName(name)];
    if (text === undefined || text === "") continue;
    // Kubernetes sets MILLRACE_PORT=tcp://10.0.0.1:4567 in every pod beside a service called "millrace".
    if (name.endsWith("port") && /^(tcp|udp|sctp):\/\//.test(text)) continue;
    add(texts, name, text, [], name);
  }
  const initialStreams = environment[initialStreamsVariable] ?? "";
  if (texts.has("stream") || initialStreams === "") return { texts, nameOf: environmentName };
  texts.set("stream", initialStreams.split(",").map(withShardCount));
  return { texts, nameOf: (flag) => (flag === "stream" ? initialStreamsVariable : environmentName(flag)) };
}

/**
 * The variable by which kinesis-mock creates streams at start, `name[:shards[:region]]` with commas between, so that its
 * users need not change theirs. MILLRACE_STREAM comes before it.
 */
const initialStreamsVariable = "INITIALIZE_STREAMS";
/** Where kinesis-mock's variable names no number. */
const initialShardCount = 4;

/** As `--stream` expects it. */
function withShardCount(text: string): string {
  const [name = "", shards = "", ...region] = text.trim().split(":");
  return [name, shards === "" ? String(initialShardCount) : shards, ...region].join(":");
}

/**
 * A sentence for each variable of the environment that looks like a setting and is none. Kubernetes defines variables such as
 * MILLRACE_SERVICE_HOST in every pod beside a service called "millrace"; those are left out.
 */
export function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set<string>(flags.map(({ name }) => environmentName(name)));
  return Object.entries(environment).flatMap(([name, text = ""]) => {
    if (!name.startsWith(variablePrefix) || known.has(name) || text === "" || isOfKubernetes(name, text)) return [];
    if (name === clientVariable) return [];
    const similar = similarFlag(name.slice(variablePrefix.length));
    const hint = similar === undefined ? "" : ` (did you mean ${environmentName(similar)}?)`;
    return [`${name}: there is no such setting, so it has no effect${hint}`];
  });
}

const variablePrefix = "MILLRACE_";
/** Tells the other commands where the server is. */
const clientVariable = "MILLRACE_ENDPOINT";

function isOfKubernetes(name: string, text: string): boolean {
  return (
    /_SERVICE_(HOST|PORT)$/.test(name) ||
    /_SERVICE_PORT_[A-Z0-9_]+$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(text))
  );
}

/** A configuration file: one JSON object, a key per setting. */
export function readConfigText(json: string, path: string, problems: string[]): ConfigSource {
  const nameOf = (flag: string) => `"${flag}" in ${path}`;
  let settings: unknown;
  try {
    settings = JSON.parse(json);
  } catch (error) {
    problems.push(`${path}: is not valid JSON (${error instanceof Error ? error.message : String(error)})`);
    return { texts: new Map(), nameOf };
  }
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    problems.push(`${path}: must contain one JSON object, such as {"port": 4567}`);
    return { texts: new Map(), nameOf };
  }
  return readObject(settings, { nameOf, keyOf: (flag) => `"${flag}"` }, problems);
}

/** How a source spells a setting, given its flag: in problems, and where a user writes it. */
export interface SettingNames {
  readonly nameOf: (flag: string) => string;
  readonly keyOf: (flag: string) => string;
}

/** Reads settings that are values, not texts; lists may be arrays. */
export function readObject(settings: object, { nameOf, keyOf }: SettingNames, problems: string[]): ConfigSource {
  const texts = new Map<FlagName, string[]>();
  for (const [key, value] of Object.entries(settings)) {
    const flag = findFlag(key);
    if (flag === undefined || flag.name === "config") {
      problems.push(`${nameOf(key)}: unknown setting${suggestion(key, keyOf)}`);
      continue;
    }
    const values: readonly unknown[] = flag.list === true && Array.isArray(value) ? value : [value];
    for (const each of values) {
      if (isOfKind(each, valueKindOf(flag))) add(texts, flag.name, String(each), problems, nameOf(flag.name));
      else problems.push(`${nameOf(flag.name)}: ${expectedKinds[valueKindOf(flag)]}`);
    }
  }
  return { texts, nameOf };
}

function add(texts: Map<FlagName, string[]>, name: FlagName, text: string, problems: string[], where: string): void {
  const before = texts.get(name);
  const added = findFlag(name)?.list === true ? text.split(",").map((part) => part.trim()) : [text];
  if (before === undefined) texts.set(name, added);
  else if (findFlag(name)?.list === true) before.push(...added);
  else problems.push(`${where}: given more than once`);
}

function isOfKind(value: unknown, kind: ReturnType<typeof valueKindOf>): value is string | number | boolean {
  return typeof value === "string" || (kind !== "text" && typeof value === kind) || (kind === "boolean" && value === 1);
}

const expectedKinds = {
  text: "must be text",
  number: "must be text or a number",
  boolean: "must be true or false",
} as const;

function suggestion(name: string, spell: (flag: string) => string): string {
  const similar = similarFlag(name);
  return similar === undefined || similar === name ? "" : ` (did you mean ${spell(similar)}?)`;
}
