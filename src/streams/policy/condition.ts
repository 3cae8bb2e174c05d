import { isJsonObject } from "../../model/json-object.ts";
import { conditionOperators, type EvaluationContext } from "./condition-operators.ts";
import { type PolicyPattern, parsePattern } from "./policy-pattern.ts";

/** One operator with one key in a statement's Condition. All conditions of a statement must hold. */
export interface Condition {
  readonly operator: string;
  /** How many of the request's values must match, from `ForAllValues:` or `ForAnyValue:`; absent for a single value. */
  readonly quantifier?: "all" | "any";
  /** The condition holds for a request without the key. */
  readonly ifExists: boolean;
  /** In lower case: condition keys are case-insensitive. */
  readonly key: string;
  /** One of them must match; for a negated operator none may. */
  readonly values: readonly PolicyPattern[];
}

interface ParsedConditions {
  readonly conditions: readonly Condition[];
  readonly problems: readonly string[];
}

/** `hasVariables`: see `parsePattern`. */
interface PolicyVersion {
  readonly hasVariables: boolean;
}

/** Parses a Condition element: IAM JSON policy reference, "Condition operators". */
export function parseConditions(json: unknown, version: PolicyVersion): ParsedConditions {
  if (json === undefined) return { conditions: [], problems: [] };
  if (!isJsonObject(json)) return { conditions: [], problems: ["Condition must be an object of operators"] };
  const parsed = Object.entries(json).map(([name, keys]) => parseOperator(name, keys, version));
  return {
    conditions: parsed.flatMap(({ conditions }) => conditions),
    problems: parsed.flatMap(({ problems }) => problems),
  };
}

const quantifiers: Readonly<Record<string, "all" | "any">> = { ForAllValues: "all", ForAnyValue: "any" };

function parseOperator(name: string, keys: unknown, version: PolicyVersion): ParsedConditions {
  const parsed = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  const [, quantifier, operator = "", ifExists] = parsed ?? [];
  const rule = Object.hasOwn(conditionOperators, operator) ? conditionOperators[operator] : undefined;
  if (rule === undefined) return { conditions: [], problems: [`${JSON.stringify(name)} is not a condition operator`] };
  if (!isJsonObject(keys)) return { conditions: [], problems: [`${name} must be an object of condition keys`] };
  const shared = {
    operator,
    ...(quantifier === undefined ? {} : { quantifier: quantifiers[quantifier] }),
    ifExists: ifExists !== undefined,
  };
  const conditions: Condition[] = [];
  const problems: string[] = [];
  for (const [key, given] of Object.entries(keys)) {
    const texts = textsOf(given);
    if (texts === undefined) problems.push(`${name} of ${key} must be a value or a list of values`);
    else if (!texts.every(rule.accepts)) problems.push(`${name} of ${key} has a value that is not ${rule.expects}`);
    else
      conditions.push({ ...shared, key: key.toLowerCase(), values: texts.map((text) => parsePattern(text, version)) });
  }
  return { conditions, problems };
}

/** Whether the condition holds for a request with these values. */
export function conditionHolds(condition: Condition, context: EvaluationContext): boolean {
  const rule = conditionOperators[condition.operator];
  // Parsing accepts only known operators.
  if (rule === undefined) return false;
  const actual = context.valuesOf(condition.key);
  if (condition.operator === "Null") {
    return rule.matches(actual === undefined ? "true" : "false", condition.values, context);
  }
  if (actual === undefined || actual.length === 0) {
    if (condition.quantifier !== undefined) return condition.quantifier === "all" || condition.ifExists;
    return condition.ifExists || rule.isNegated;
  }
  const matches = (value: string): boolean => rule.matches(value, condition.values, context) !== rule.isNegated;
  if (condition.quantifier === "all") return actual.every(matches);
  if (condition.quantifier === "any") return actual.some(matches);
  return rule.isNegated ? actual.every(matches) : actual.some(matches);
}

function textsOf(json: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(json) ? json : [json];
  const isScalar = (value: unknown) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return list.every(isScalar) ? list.map(String) : undefined;
}
