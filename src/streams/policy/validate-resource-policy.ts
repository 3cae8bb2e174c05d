import { parseJson } from "../../model/parse-json.ts";
import { policyInvalid } from "../../model/policy-errors.ts";
import { parsePolicy } from "./policy-document.ts";

/** AWS General Reference: resource policies of Kinesis are at most 20 KB. */
const policyCharactersMax = 20_480;

/**
 * InvalidArgumentException unless the text is a policy document: a JSON object with statements that each name an effect,
 * a principal and actions, in words that can be enforced. What the policy allows is not judged here.
 */
export function validateResourcePolicy(text: string): void {
  if (text.length > policyCharactersMax) throw policyInvalid(`it is longer than ${policyCharactersMax} characters.`);
  let document: unknown;
  try {
    document = parseJson(text);
  } catch {
    throw policyInvalid("it is not JSON.");
  }
  if (!isObject(document)) throw policyInvalid("it is not a JSON object.");
  const given = document["Statement"];
  const statements: readonly unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  if (statements.length === 0) throw policyInvalid("it has no Statement.");
  for (const statement of statements) {
    if (!isObject(statement)) throw policyInvalid("a Statement is not an object.");
    const { Effect: effect } = statement as { readonly Effect?: unknown };
    if (effect !== "Allow" && effect !== "Deny") throw policyInvalid("a Statement's Effect is neither Allow nor Deny.");
    if (!("Principal" in statement || "NotPrincipal" in statement))
      throw policyInvalid("a Statement has no Principal.");
    if (!("Action" in statement || "NotAction" in statement)) throw policyInvalid("a Statement has no Action.");
  }
  const [problem] = parsePolicy(document, "resource").problems;
  if (problem !== undefined) throw policyInvalid(`${problem}.`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
