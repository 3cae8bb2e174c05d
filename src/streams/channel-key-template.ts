/*
 * The keys of the objects that a channel writes: Developer Guide, "S3 output key template for Amazon S3 delivery". The server
 * appends a unique suffix to each key.
 */
export const keyTemplateDefault =
  "kinesis-channel/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}";

/** Where dead letters of a channel go that names no prefix; ours. */
export const deadLetterPrefixDefault =
  "kinesis-channel-errors/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/";

/** S3: bytes of a key. A template whose longest key would be longer is refused. */
const keyBytesMax = 1024;
/** Characters of the longest unique suffix. */
const suffixCharactersMax = 24;
const extensionCharactersMax = ".json.zst".length;

export interface KeyFacts {
  readonly channelName: string;
  readonly channelId: string;
  readonly streamName: string;
  /** Arrival of the oldest record in the object, ms since the epoch; in UTC in the key. */
  readonly oldestMs: number;
  /** With its dot. */
  readonly extension: string;
}

const variables: Readonly<Record<string, (facts: KeyFacts) => string>> = {
  "channel-name": ({ channelName }) => channelName,
  "channel-id": ({ channelId }) => channelId,
  "stream-name": ({ streamName }) => streamName,
  yyyy: ({ oldestMs }) => isoPart(oldestMs, 0, 4),
  MM: ({ oldestMs }) => isoPart(oldestMs, 5, 7),
  dd: ({ oldestMs }) => isoPart(oldestMs, 8, 10),
  HH: ({ oldestMs }) => isoPart(oldestMs, 11, 13),
  mm: ({ oldestMs }) => isoPart(oldestMs, 14, 16),
  extension: ({ extension }) => extension,
};

const variable = /!\{([^{}]*)\}/g;

/** What is wrong with a template, as the end of a sentence that begins with its name; undefined when nothing is. */
export function keyTemplateFault(template: string): string | undefined {
  const names = [...template.matchAll(variable)].map(([, name = ""]) => name);
  const unknown = names.find((name) => !Object.hasOwn(variables, name));
  if (unknown !== undefined) {
    return `has the unknown variable !{${unknown}}; the variables are ${Object.keys(variables).join(", ")}`;
  }
  const literals = template.replaceAll(variable, "");
  if (/[{}]/.test(literals)) return "has a brace that belongs to no variable";
  if (names.length === 0) return "has no variable, such as !{yyyy}";
  if (template.startsWith("/") || template.endsWith("/")) return "begins or ends with a slash";
  if (/\.\.|\.\/|\/\//.test(template)) return 'has ".." or "./" or an empty segment';
  const longest = { channelName: "n".repeat(128), channelId: "i".repeat(20), streamName: "s".repeat(128) };
  const extension = "x".repeat(extensionCharactersMax);
  const length = expand(template, { ...longest, oldestMs: 0, extension }).length + suffixCharactersMax;
  return length > keyBytesMax
    ? `makes keys of up to ${length} characters, and a key has at most ${keyBytesMax}`
    : undefined;
}

/** The segment of keys that stores refuse or take for a folder, as names may bring it; undefined where there is none. */
export function dotSegmentOf(
  template: string,
  names: Pick<KeyFacts, "channelName" | "streamName">,
): string | undefined {
  const key = objectKey(template, { ...names, channelId: "id", oldestMs: 0, extension: ".json" }, "suffix");
  return key.split("/").find((segment) => segment === "." || segment === "..");
}

/** The key of an object. The suffix stands before the extension that ends the template, or else at the end. */
export function objectKey(template: string, facts: KeyFacts, suffix: string): string {
  const end = "!{extension}";
  if (!template.endsWith(end)) return `${expand(template, facts)}-${suffix}`;
  return `${expand(template.slice(0, -end.length), facts)}-${suffix}${facts.extension}`;
}

function expand(template: string, facts: KeyFacts): string {
  return template.replaceAll(variable, (_whole, name: string) => variables[name]?.(facts) ?? "");
}

function isoPart(ms: number, start: number, end: number): string {
  return new Date(ms).toISOString().slice(start, end);
}
