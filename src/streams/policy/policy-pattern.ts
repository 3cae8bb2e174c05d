/** What a request is judged by, besides action and resource: a condition key in lower case → its values, if it has any. */
export type ContextValues = (key: string) => readonly string[] | undefined;

/**
 * Text of a policy with wildcards and variables told from plain characters: IAM User Guide, "Policy variables". Wildcards
 * are `anyText` and `anyCharacter`, characters that JSON text of a policy cannot be sent with unescaped.
 */
export interface Pattern {
  /** Text between variables: one more than there are variables. */
  readonly texts: readonly string[];
  readonly variables: readonly Variable[];
}

interface Variable {
  readonly key: string;
  readonly fallback?: string;
}

const anyText = "\u0000";
const anyCharacter = "\u0001";

/** `hasVariables`: the policy is of version 2012-10-17; in older ones `${…}` are plain characters. */
export function parsePattern(text: string, { hasVariables }: { readonly hasVariables: boolean }): Pattern {
  const texts: string[] = [];
  const variables: Variable[] = [];
  let plain = "";
  let end = 0;
  for (const match of hasVariables ? text.matchAll(/\$\{([^{}]*)\}/g) : []) {
    const [whole, inside = ""] = match;
    plain += withWildcards(text.slice(end, match.index));
    end = match.index + whole.length;
    if (inside === "*" || inside === "?" || inside === "$") {
      plain += inside;
      continue;
    }
    const [, key = inside, fallback] = /^([^,]*?)\s*,\s*'([^']*)'$/.exec(inside) ?? [];
    texts.push(plain);
    plain = "";
    variables.push({ key: key.toLowerCase(), ...(fallback === undefined ? {} : { fallback }) });
  }
  texts.push(plain + withWildcards(text.slice(end)));
  return { texts, variables };
}

/** With its variables filled in; undefined when the request has no value, or several, for one of them. */
export function fillVariables({ texts, variables }: Pattern, valuesOf: ContextValues): string | undefined {
  let filled = texts[0] ?? "";
  for (const [index, { key, fallback }] of variables.entries()) {
    const values = valuesOf(key);
    const value = values?.length === 1 ? values[0] : values === undefined ? fallback : undefined;
    if (value === undefined) return undefined;
    filled += value + (texts[index + 1] ?? "");
  }
  return filled;
}

/** What was filled in, as plain characters: for operators that know no wildcards. */
export function withoutWildcards(filled: string): string {
  return filled.replaceAll(anyText, "*").replaceAll(anyCharacter, "?");
}

/** Whether the whole text is of the pattern. Time is bounded by the product of the lengths, whatever the pattern. */
export function matchesPattern(text: string, filled: string): boolean {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let retryAt = 0;
  while (at < text.length) {
    const wanted = filled[patternAt];
    if (wanted === anyText) {
      starAt = patternAt++;
      retryAt = at;
    } else if (wanted !== undefined && (wanted === anyCharacter || wanted === text[at])) {
      at++;
      patternAt++;
    } else if (starAt >= 0) {
      // The last star takes one character more; earlier ones need not be tried again.
      patternAt = starAt + 1;
      at = ++retryAt;
    } else return false;
  }
  while (filled[patternAt] === anyText) patternAt++;
  return patternAt === filled.length;
}

/** Part by part between the first five colons, so that no wildcard reaches over a colon of the first five. */
export function matchesArnPattern(arn: string, filled: string): boolean {
  const parts = arnParts(arn);
  const wanted = arnParts(filled);
  if (filled === anyText) return true;
  return parts.length === wanted.length && parts.every((part, index) => matchesPattern(part, wanted[index] ?? ""));
}

function arnParts(arn: string): readonly string[] {
  const parts = arn.split(":");
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

function withWildcards(text: string): string {
  return text.replaceAll("*", anyText).replaceAll("?", anyCharacter);
}
