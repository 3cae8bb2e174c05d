import type { ConfigSource } from "./config-sources.ts";
import type { FlagName } from "./flags.ts";

/** Text of a file; throws as `readFileSync` does. */
export type FileReader = (path: string) => string;

/** Looks settings up in their sources, in order of precedence, and collects problems. */
export class Settings {
  readonly #sources: readonly ConfigSource[];
  readonly problems: string[];

  constructor(sources: readonly ConfigSource[], problems: string[]) {
    this.#sources = sources;
    this.problems = problems;
  }

  one<Value>(flag: FlagName, parse: (text: string) => Value | undefined, expected: string): Value | undefined {
    return this.list(flag, parse, expected)?.[0];
  }

  list<Value>(
    flag: FlagName,
    parse: (text: string) => Value | undefined,
    expected: string,
  ): readonly Value[] | undefined {
    const source = this.#sources.find(({ texts }) => texts.has(flag));
    const texts = source?.texts.get(flag);
    if (source === undefined || texts === undefined) return undefined;
    const values: Value[] = [];
    for (const text of texts) {
      const value = parse(text);
      if (value === undefined) this.problems.push(`${source.nameOf(flag)}: ${JSON.stringify(text)} is not ${expected}`);
      else values.push(value);
    }
    return values.length === 0 ? undefined : values;
  }

  has(flag: FlagName): boolean {
    return this.#sources.some(({ texts }) => texts.has(flag));
  }

  /** The name under which the setting was given, or else its flag. */
  nameOf(flag: FlagName): string {
    return this.#sources.find(({ texts }) => texts.has(flag))?.nameOf(flag) ?? this.#sources[0]?.nameOf(flag) ?? flag;
  }

  complain(flag: FlagName, sentence: string): void {
    this.problems.push(`${this.nameOf(flag)}: ${sentence}`);
  }
}

/** The text of a file that a setting names; a problem if it cannot be read, with the hint if it does not exist. */
export function readOrComplain(
  path: string,
  readFile: FileReader,
  problems: string[],
  where: string,
  hint = "",
): string | undefined {
  try {
    return readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    problems.push(
      code === "ENOENT" ? `${where}: ${path} does not exist${hint}` : `${where}: cannot read ${path} (${code})`,
    );
    return undefined;
  }
}

/** A property only if it has a value, as exactOptionalPropertyTypes requires. */
export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: Value });
}
