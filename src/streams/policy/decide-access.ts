import type { DeniedBecause } from "../../model/auth-errors.ts";
import { evaluatePolicies, type PolicyRequest } from "./evaluate-policies.ts";
import type { Policy } from "./policy-document.ts";

export interface AccessRules {
  /** The account that the resource belongs to. */
  readonly owner: string;
  /** Policies of the caller; absent: everything in its own account, nothing in another. */
  readonly identityPolicies?: readonly Policy[] | undefined;
  /** Policy of the resource, if it has one. */
  readonly resourcePolicy?: Policy | undefined;
}

/** Most steps of evaluating the policies of a caller, which the operator has written: 10 ms. */
const identityStepsMax = 1_000_000;
/** And that of a resource, which has at most 20 KB and may be written by those who have rights to that resource alone. */
const resourceStepsMax = 100_000;

/**
 * Undefined when the request is allowed, else the reason. Within one account the identity or the resource policy must
 * allow, across accounts both; an explicit deny in either wins. IAM User Guide, "Cross-account policy evaluation logic".
 *
 * Errors: EvaluationTooLongError for policies that are made to cost.
 */
export function denialReason(
  request: PolicyRequest,
  { owner, identityPolicies, resourcePolicy }: AccessRules,
): DeniedBecause | undefined {
  const isOwn = request.principal.account === owner;
  const byIdentity =
    identityPolicies === undefined
      ? isOwn
        ? "allow"
        : "implicit-deny"
      : evaluatePolicies(request, identityPolicies, { stepsMax: identityStepsMax });
  const byResource =
    resourcePolicy === undefined
      ? "implicit-deny"
      : evaluatePolicies(request, [resourcePolicy], { mustNameItself: isOwn, stepsMax: resourceStepsMax });
  if (byIdentity === "deny") return "explicit deny in an identity-based policy";
  if (!isOwn) {
    if (byIdentity !== "allow") return "no identity-based policy allows";
    // A deny that is named would prove to another account that the resource exists.
    return byResource === "allow" ? undefined : "no resource-based policy allows";
  }
  if (byResource === "deny") return "explicit deny in a resource-based policy";
  return byIdentity === "allow" || byResource === "allow" ? undefined : "no identity-based policy allows";
}
