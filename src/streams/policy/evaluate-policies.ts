import { conditionHolds } from "./condition.ts";
import type { EvaluationContext } from "./condition-operators.ts";
import type { PatternList, Policy, Statement } from "./policy-document.ts";
import {
  type ContextLookup,
  evaluationSteps,
  fillVariables,
  matchesPattern,
  wildcardsAsText,
} from "./policy-pattern.ts";
import { matchPrincipal, type Principal } from "./principal.ts";

/** One action on one resource. */
export interface PolicyRequest {
  readonly principal: Principal;
  /** Such as `kinesis:PutRecord`. */
  readonly action: string;
  /** An ARN, or `*` for an action on no single resource. */
  readonly resource: string;
  readonly valuesOf: ContextLookup;
}

export type Decision = "allow" | "deny" | "implicit-deny";

/**
 * The decision of all policies together: one statement that denies wins, else one that allows; without either, nothing is
 * allowed. IAM User Guide, "Policy evaluation logic".
 *
 * `mustNameItself`: only statements that name the principal itself can allow. A resource policy that names an account lets
 * that account decide; within the resource's own account this allows nothing to a user of the account.
 *
 * Errors: EvaluationTooLongError above `stepsMax`.
 */
export function evaluatePolicies(
  request: PolicyRequest,
  policies: readonly Policy[],
  { mustNameItself = false, stepsMax }: { readonly mustNameItself?: boolean; readonly stepsMax: number },
): Decision {
  const context: EvaluationContext = { valuesOf: request.valuesOf, steps: evaluationSteps(stepsMax) };
  let decision: Decision = "implicit-deny";
  for (const { statements } of policies) {
    for (const statement of statements) {
      const effect = effectOf(statement, { request, mustNameItself, context });
      if (effect === "Deny") return "deny";
      if (effect === "Allow") decision = "allow";
    }
  }
  return decision;
}

interface Evaluation {
  readonly request: PolicyRequest;
  readonly mustNameItself: boolean;
  readonly context: EvaluationContext;
}

/** Undefined when the statement does not apply to the request. */
function effectOf(
  statement: Statement,
  { request, mustNameItself, context }: Evaluation,
): Statement["effect"] | undefined {
  const { principal, effect } = statement;
  const match = principal === undefined ? "itself" : matchPrincipal(principal, request.principal);
  if (match === "none" || !applies(statement, request, context)) return undefined;
  return effect === "Allow" && match !== "itself" && mustNameItself ? undefined : effect;
}

function applies(
  { actions, resources, conditions }: Statement,
  { action, resource }: PolicyRequest,
  context: EvaluationContext,
): boolean {
  return (
    isListed(actions, action.toLowerCase(), context) &&
    (resources === undefined || isListed(resources, resource, context)) &&
    conditions.every((condition) => conditionHolds(condition, context))
  );
}

function isListed(
  { isInverted, patterns }: PatternList,
  name: string,
  { valuesOf, steps }: EvaluationContext,
): boolean {
  const isNamed = patterns.some((pattern) => {
    const filled = fillVariables(pattern, valuesOf);
    if (filled === undefined) return false;
    return name === "*" ? wildcardsAsText(filled) === "*" : matchesPattern(name, filled, steps);
  });
  return isNamed !== isInverted;
}
