import { isJsonObject } from "../../model/json-object.ts";
import { parseUntrustedJson } from "../../model/parse-untrusted-json.ts";
import { policyInvalid } from "../../model/policy-errors.ts";
import { parsePolicy } from "./policy-document.ts";

/** AWS General Reference: a resource policy of Kinesis has at most 20 KB. */
const policyCharactersMax = 20_480;

/**
 * Checks the text of a resource policy: a JSON object with statements that each have an effect, a principal and actions,
 * all of which can be enforced. What the policy allows is not checked. Errors: InvalidArgumentException.
 */
export function validateResourcePolicy(text: string): void {
  if (text.length > policyCharactersMax) throw policyInvalid(`it is longer than ${policyCharactersMax} characters.`);
  const document = parseDocument(text);
  if (!isJsonObject(document)) throw policyInvalid("it is not a JSON object.");
  const given = document["Statement"];
  const statements: readonly unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  if (statements.length === 0) throw policyInvalid("it has no Statement.");
  for (const statement of statements) checkStatement(statement);
  const [problem] = parsePolicy(document, "resource").problems;
  if (problem !== undefined) throw policyInvalid(`${problem}.`);
}

function parseDocument(text: string): unknown {
  try {
    return parseUntrustedJson(text);
  } catch {
    throw policyInvalid("it is not JSON.");
  }
}

function checkStatement(statement: unknown): void {
  if (!isJsonObject(statement)) throw policyInvalid("a Statement is not an object.");
  const effect = statement["Effect"];
  if (effect !== "Allow" && effect !== "Deny") throw policyInvalid("a Statement's Effect is neither Allow nor Deny.");
  if (!("Principal" in statement || "NotPrincipal" in statement)) throw policyInvalid("a Statement has no Principal.");
  if (!("Action" in statement || "NotAction" in statement)) throw policyInvalid("a Statement has no Action.");
}
