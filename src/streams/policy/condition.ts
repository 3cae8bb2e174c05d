import { operators } from "./condition-operators.ts";
import { type ContextValues, type Pattern, parsePattern } from "./policy-pattern.ts";

/** One key of one operator in a statement's Condition; all of a statement must hold. */
export interface Condition {
  readonly operator: string;
  /** How many of a key's values must fit: `all` and `any` for sets, absent for a key of one value. */
  readonly quantifier?: "all" | "any";
  /** Holds where the request does not have the key. */
  readonly ifExists: boolean;
  /** In lower case: keys differ in no more than that. */
  readonly key: string;
  /** Any of them will do; for a negated operator none may fit. */
  readonly values: readonly Pattern[];
}

interface ParsedConditions {
  readonly conditions: readonly Condition[];
  readonly problems: readonly string[];
}

/** IAM JSON policy reference, "Condition operators". */
export function parseConditions(json: unknown, version: { readonly hasVariables: boolean }): ParsedConditions {
  if (json === undefined) return { conditions: [], problems: [] };
  if (!isObject(json)) return { conditions: [], problems: ["Condition must be an object of operators"] };
  const conditions: Condition[] = [];
  const problems: string[] = [];
  for (const [name, keys] of Object.entries(json)) {
    const parsed = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
    const [, set, operator = "", ifExists] = parsed ?? [];
    const rule = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
    if (rule === undefined) problems.push(`${JSON.stringify(name)} is not a condition operator`);
    else if (!isObject(keys)) problems.push(`${name} must be an object of condition keys`);
    else {
      for (const [key, given] of Object.entries(keys)) {
        const texts = textsOf(given);
        if (texts === undefined) problems.push(`${name} of ${key} must be a value or a list of values`);
        else if (!texts.every(rule.takes)) problems.push(`${name} of ${key} has a value that is not ${rule.expects}`);
        else {
          conditions.push({
            operator,
            ...(set === undefined ? {} : { quantifier: set === "ForAllValues" ? "all" : "any" }),
            ifExists: ifExists !== undefined,
            key: key.toLowerCase(),
            values: texts.map((text) => parsePattern(text, version)),
          });
        }
      }
    }
  }
  return { conditions, problems };
}

/** Whether the condition holds for a request. */
export function conditionHolds(condition: Condition, valuesOf: ContextValues): boolean {
  const rule = operators[condition.operator];
  // Parsing lets only known operators through.
  if (rule === undefined) return false;
  const actual = valuesOf(condition.key);
  if (condition.operator === "Null")
    return rule.fits(actual === undefined ? "true" : "false", condition.values, valuesOf);
  if (actual === undefined || actual.length === 0) {
    if (condition.quantifier !== undefined) return condition.quantifier === "all" || condition.ifExists;
    return condition.ifExists || rule.isNegated;
  }
  const fits = (value: string): boolean => rule.fits(value, condition.values, valuesOf) !== rule.isNegated;
  if (condition.quantifier === "all") return actual.every(fits);
  if (condition.quantifier === "any") return actual.some(fits);
  return rule.isNegated ? actual.every(fits) : actual.some(fits);
}

function textsOf(json: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(json) ? json : [json];
  const isPlain = (value: unknown) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return list.every(isPlain) ? list.map(String) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
