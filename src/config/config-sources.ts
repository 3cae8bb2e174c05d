import { parseArgs } from "node:util";
import { environmentName, type FlagName, findFlag, flags, similarFlag } from "./flags.ts";

/** One place that settings come from: their texts, before anybody asks what they mean. */
export interface ConfigSource {
  readonly texts: ReadonlyMap<FlagName, readonly string[]>;
  /** How to name a setting of this place in a problem, e.g. `--port` or `MILLRACE_PORT`. */
  readonly nameOf: (flag: FlagName) => string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `parseArgs` of node:util splits the line; it is told to forgive, because it would stop at the first mistake and we
 * want all of them.
 */
export function readArguments(argv: readonly string[], problems: string[]): ConfigSource {
  const options = Object.fromEntries(
    flags.map((flag) => [flag.name, { type: "argument" in flag ? ("string" as const) : ("boolean" as const) }]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const texts = new Map<FlagName, string[]>();
  let unknownOptionAt = -1;
  for (const token of tokens) {
    if (token.kind === "positional") {
      // What follows an unknown option is most likely its value; one problem is enough.
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

/** The setting that one option gives, or what is wrong with it. */
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
  return `unknown option${suggestion(name, "--")}`;
}

/** Variables that are empty count as unset; those with names we do not know are somebody else's. */
export function readEnvironment(environment: Environment): ConfigSource {
  const texts = new Map<FlagName, string[]>();
  for (const { name } of flags) {
    const text = environment[environmentName(name)];
    if (text === undefined || text === "") continue;
    // Kubernetes tells every pod about a service called "millrace" in MILLRACE_PORT=tcp://10.0.0.1:4567.
    if (name === "port" && /^(tcp|udp|sctp):\/\//.test(text)) continue;
    add(texts, name, text, [], name);
  }
  return { texts, nameOf: environmentName };
}

/** A configuration file: one JSON object, a key per setting. */
export function readConfigText(json: string, path: string, problems: string[]): ConfigSource {
  const nameOf = (flag: string) => `"${flag}" in ${path}`;
  let settings: unknown;
  try {
    settings = JSON.parse(json);
  } catch (error) {
    problems.push(`${path}: not JSON (${error instanceof Error ? error.message : String(error)})`);
    return { texts: new Map(), nameOf };
  }
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) {
    problems.push(`${path}: must hold one JSON object, such as {"port": 4567}`);
    return { texts: new Map(), nameOf };
  }
  return readObject(settings, nameOf, problems);
}

/** Settings as values instead of texts; lists may be arrays. */
export function readObject(settings: object, nameOf: (key: string) => string, problems: string[]): ConfigSource {
  const texts = new Map<FlagName, string[]>();
  for (const [key, value] of Object.entries(settings)) {
    const flag = findFlag(key);
    if (flag === undefined || flag.name === "config") {
      problems.push(`${nameOf(key)}: unknown setting${suggestion(key, "")}`);
      continue;
    }
    const values: readonly unknown[] = flag.list === true && Array.isArray(value) ? value : [value];
    for (const each of values) {
      if (typeof each === "string" || typeof each === "number" || typeof each === "boolean") {
        add(texts, flag.name, String(each), problems, nameOf(flag.name));
      } else problems.push(`${nameOf(flag.name)}: must be text, a number, true or false`);
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

function suggestion(name: string, prefix: string): string {
  const similar = similarFlag(name);
  return similar === undefined || similar === name ? "" : ` (did you mean ${prefix}${similar}?)`;
}
