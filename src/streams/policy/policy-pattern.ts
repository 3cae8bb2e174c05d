/** The condition context of a request: the values of a condition key in lower case; undefined when it has none. */
export type ContextLookup = (key: string) => readonly string[] | undefined;

/** Bounds what evaluating policies takes. A step is a comparison of two characters, about 10 ns. */
export interface EvaluationSteps {
  /** Throws `EvaluationTooLongError` when too few are left. */
  take(count: number): void;
}

export class EvaluationTooLongError extends Error {
  override readonly name = "EvaluationTooLongError";
}

export function evaluationSteps(countMax: number): EvaluationSteps {
  let left = countMax;
  return {
    take(count) {
      left -= count;
      if (left < 0) throw new EvaluationTooLongError(`evaluating the policies takes more than ${countMax} steps`);
    },
  };
}

/**
 * A text of a policy in which wildcards and variables are distinct from plain characters: IAM User Guide, "Policy
 * variables". Wildcards are the characters `anyText` and `anyCharacter`, which JSON allows only escaped.
 */
export interface PolicyPattern {
  /** The texts around the variables: one more than there are variables. */
  readonly texts: readonly string[];
  readonly variables: readonly Variable[];
}

interface Variable {
  readonly key: string;
  readonly fallback?: string;
}

const anyText = "\u0000";
const anyCharacter = "\u0001";

/** `hasVariables`: the policy has version 2012-10-17. In older ones `${…}` is plain text. */
export function parsePattern(text: string, { hasVariables }: { readonly hasVariables: boolean }): PolicyPattern {
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
    texts.push(plain);
    plain = "";
    variables.push(parseVariable(inside));
  }
  texts.push(plain + withWildcards(text.slice(end)));
  return { texts, variables };
}

/** Parses `key` or `key, 'fallback'`. A regular expression would take quadratic time in spaces before the comma. */
function parseVariable(inside: string): Variable {
  const comma = inside.indexOf(",");
  const quoted = comma < 0 ? "" : inside.slice(comma + 1).trimStart();
  const fallback = quoted.slice(1, -1);
  const hasFallback = quoted.length > 1 && quoted.startsWith("'") && quoted.endsWith("'") && !fallback.includes("'");
  if (!hasFallback) return { key: inside.toLowerCase() };
  return { key: inside.slice(0, comma).trimEnd().toLowerCase(), fallback };
}

/** The pattern with values for its variables; undefined when the request has no value, or several, for one of them. */
export function fillVariables({ texts, variables }: PolicyPattern, valuesOf: ContextLookup): string | undefined {
  let filled = texts[0] ?? "";
  for (const [index, { key, fallback }] of variables.entries()) {
    const values = valuesOf(key);
    const value = values?.length === 1 ? values[0] : values === undefined ? fallback : undefined;
    if (value === undefined) return undefined;
    filled += value + (texts[index + 1] ?? "");
  }
  return filled;
}

/** A filled pattern with its wildcards as plain characters, for operators without wildcards. */
export function wildcardsAsText(filled: string): string {
  return filled.replaceAll(anyText, "*").replaceAll(anyCharacter, "?");
}

/** Comparisons of the simple search for each character of text and pattern. Patterns that are not made to cost take fewer than two. */
const comparisonsPerCharacterMax = 3;

/** Whether the whole text matches a filled pattern. Time grows with the text, and by one for 32 characters of pattern. */
export function matchesPattern(text: string, filled: string, steps: EvaluationSteps): boolean {
  return searchMatch(text, filled, steps) ?? automatonMatches(text, filled, steps);
}

/** Undefined where the search takes more comparisons than `comparisonsPerCharacterMax` allows. */
function searchMatch(text: string, filled: string, steps: EvaluationSteps): boolean | undefined {
  const comparisonsMax = comparisonsPerCharacterMax * (text.length + filled.length);
  let comparisons = 0;
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let retryAt = 0;
  let isMatch = true;
  while (at < text.length && comparisons < comparisonsMax) {
    comparisons++;
    const wanted = filled[patternAt];
    if (wanted === anyText) {
      starAt = patternAt++;
      retryAt = at;
    } else if (wanted !== undefined && (wanted === anyCharacter || wanted === text[at])) {
      at++;
      patternAt++;
    } else if (starAt >= 0) {
      // The last star matches one more character; earlier stars need no second try.
      patternAt = starAt + 1;
      at = ++retryAt;
    } else {
      isMatch = false;
      break;
    }
  }
  steps.take(comparisons);
  if (isMatch && at < text.length) return undefined;
  while (filled[patternAt] === anyText) patternAt++;
  return isMatch && patternAt === filled.length;
}

/** A pattern as a bit-parallel automaton, 32 states in a word. State i: the first i characters other than stars matched. */
interface Automaton {
  /** States with a star before the next character: any character keeps them. */
  readonly stars: Int32Array;
  /** States that any character advances. */
  readonly anywhere: Int32Array;
  /** States that this character advances. */
  readonly byCharacter: ReadonlyMap<string, Int32Array>;
}

function automatonOf(filled: string, wordCount: number): Automaton {
  const stars = new Int32Array(wordCount);
  const anywhere = new Int32Array(wordCount);
  const byCharacter = new Map<string, Int32Array>();
  let state = 0;
  for (const character of filled.split("")) {
    if (character === anyText) setBit(stars, state);
    else if (character === anyCharacter) setBit(anywhere, state++);
    else {
      const places = byCharacter.get(character) ?? new Int32Array(wordCount);
      byCharacter.set(character, places);
      setBit(places, state++);
    }
  }
  return { stars, anywhere, byCharacter };
}

function automatonMatches(text: string, filled: string, steps: EvaluationSteps): boolean {
  const stateCount = filled.replaceAll(anyText, "").length;
  // Each state consumes one character of the text.
  if (stateCount > text.length) return false;
  const wordCount = (stateCount >>> 5) + 1;
  steps.take(text.length * wordCount + filled.length);
  const { stars, anywhere, byCharacter } = automatonOf(filled, wordCount);
  const nowhere = new Int32Array(wordCount);
  const states = new Int32Array(wordCount);
  setBit(states, 0);
  for (let at = 0; at < text.length; at++) {
    const places = byCharacter.get(text[at] as string) ?? nowhere;
    let carry = 0;
    for (let word = 0; word < wordCount; word++) {
      const now = states[word] as number;
      const moved = now & ((anywhere[word] as number) | (places[word] as number));
      states[word] = (moved << 1) | carry | (now & (stars[word] as number));
      carry = moved >>> 31;
    }
  }
  return (((states[stateCount >>> 5] as number) >>> (stateCount & 31)) & 1) === 1;
}

function setBit(words: Int32Array, bit: number): void {
  words[bit >>> 5] = (words[bit >>> 5] as number) | (1 << (bit & 31));
}

/** Matches an ARN part by part: a wildcard never spans one of the first five colons. */
export function matchesArnPattern(arn: string, filled: string, steps: EvaluationSteps): boolean {
  const parts = arnParts(arn);
  const wanted = arnParts(filled);
  if (filled === anyText) return true;
  return (
    parts.length === wanted.length && parts.every((part, index) => matchesPattern(part, wanted[index] ?? "", steps))
  );
}

function arnParts(arn: string): readonly string[] {
  const parts = arn.split(":");
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

function withWildcards(text: string): string {
  return text.replaceAll("*", anyText).replaceAll("?", anyCharacter);
}
