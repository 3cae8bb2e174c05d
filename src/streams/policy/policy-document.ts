import { isJsonObject, type JsonObject } from "../../model/json-object.ts";
import { type Condition, parseConditions } from "./condition.ts";
import { type PolicyPattern, parsePattern } from "./policy-pattern.ts";
import { type PrincipalPattern, parsePrincipal } from "./principal.ts";

/** An IAM policy document, parsed. */
export interface Policy {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: "Allow" | "Deny";
  /** Resource policies only. Absent in identity policies: the statement is about the identity that has the policy. */
  readonly principal?: PrincipalPattern;
  readonly actions: PatternList;
  /** Absent in resource policies without a Resource: the statement is about the resource that has the policy. */
  readonly resources?: PatternList;
  readonly conditions: readonly Condition[];
}

/** `isInverted`: from NotAction or NotResource, which mean everything else. */
export interface PatternList {
  readonly isInverted: boolean;
  readonly patterns: readonly PolicyPattern[];
}

/** An identity policy has resources and no principal; a resource policy has a principal. */
export type PolicyKind = "identity" | "resource";

export interface ParsedPolicy {
  readonly policy: Policy;
  /** Everything that is wrong with the document, each as a clause for a message. */
  readonly problems: readonly string[];
}

const statementsMax = 1_000;
const everything: PatternList = { isInverted: true, patterns: [] };

/**
 * Parses a policy document: IAM User Guide, "IAM JSON policy element reference".
 *
 * An invalid document fails closed: an Allow with a problem allows nothing, and a Deny denies everything that its valid
 * parts do not exclude.
 */
export function parsePolicy(json: unknown, kind: PolicyKind): ParsedPolicy {
  if (!isJsonObject(json)) return broken("it is not a JSON object");
  const { Version: version, Statement: given, Id: _id, ...others } = json as Readonly<Record<string, unknown>>;
  const problems = Object.keys(others).map((name) => `${JSON.stringify(name)} is not an element of a policy`);
  if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17") {
    problems.push("its Version is neither 2012-10-17 nor 2008-10-17");
  }
  const list: readonly unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  if (list.length === 0) return broken("it has no Statement");
  if (list.length > statementsMax) return broken(`it has more than ${statementsMax} statements`);
  const statements: Statement[] = [];
  for (const [index, each] of list.entries()) {
    const name = list.length === 1 ? "its Statement" : `Statement ${index + 1}`;
    const parsed = parseStatement(each, kind, { hasVariables: version === "2012-10-17" });
    problems.push(...parsed.problems.map((problem) => `${name}: ${problem}`));
    if (parsed.statement !== undefined) statements.push(parsed.statement);
  }
  return { policy: { statements }, problems };
}

function broken(problem: string): ParsedPolicy {
  return { policy: { statements: [{ effect: "Deny", actions: everything, conditions: [] }] }, problems: [problem] };
}

const elements: readonly string[] = [
  ...["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"],
];

function parseStatement(
  json: unknown,
  kind: PolicyKind,
  version: { readonly hasVariables: boolean },
): { readonly statement?: Statement; readonly problems: readonly string[] } {
  if (!isJsonObject(json))
    return { ...deny({ actions: everything, conditions: [] }), problems: ["it is not an object"] };
  const problems = Object.keys(json)
    .filter((name) => !elements.includes(name))
    .map((name) => `${JSON.stringify(name)} is not an element of a statement`);
  const effect = json["Effect"];
  if (effect !== "Allow" && effect !== "Deny") problems.push("Effect is neither Allow nor Deny");
  const principal = readPrincipal(json, kind, problems);
  // Actions may have wildcards, but no variables.
  const actions = readPatterns(json, "Action", { hasVariables: false }, problems);
  const isResourceGiven = "Resource" in json || "NotResource" in json;
  const resources =
    kind === "identity" || isResourceGiven ? readPatterns(json, "Resource", version, problems) : undefined;
  const { conditions, problems: conditionProblems } = parseConditions(json["Condition"], version);
  problems.push(...conditionProblems);
  const parts = {
    ...(principal === undefined ? {} : { principal }),
    actions: actions ?? everything,
    ...(resources === undefined ? {} : { resources }),
    conditions,
  };
  if (problems.length === 0 && effect === "Allow") return { statement: { effect, ...parts }, problems };
  return effect === "Allow" ? { problems } : { ...deny(parts), problems };
}

function deny(parts: Omit<Statement, "effect">): { readonly statement: Statement } {
  return { statement: { effect: "Deny", ...parts } };
}

function readPrincipal(json: JsonObject, kind: PolicyKind, problems: string[]): PrincipalPattern | undefined {
  const isGiven = "Principal" in json;
  const isInvertedGiven = "NotPrincipal" in json;
  if (kind === "identity") {
    if (isGiven || isInvertedGiven) problems.push("the policy of an identity has no Principal");
    return undefined;
  }
  if (isGiven === isInvertedGiven) {
    problems.push("it needs either Principal or NotPrincipal");
    return undefined;
  }
  // IAM User Guide, "AWS JSON policy elements: NotPrincipal": it would allow everyone who is not named.
  if (isInvertedGiven && json["Effect"] === "Allow") problems.push("NotPrincipal is supported with Deny only");
  const principal = parsePrincipal(isGiven ? json["Principal"] : json["NotPrincipal"], isInvertedGiven);
  if (principal === undefined) problems.push("its Principal names no account, user, role or *");
  return principal;
}

function readPatterns(
  json: JsonObject,
  name: "Action" | "Resource",
  version: { readonly hasVariables: boolean },
  problems: string[],
): PatternList | undefined {
  const isGiven = name in json;
  const isInverted = `Not${name}` in json;
  if (isGiven === isInverted) {
    problems.push(`it needs either ${name} or Not${name}`);
    return undefined;
  }
  const given = isInverted ? json[`Not${name}`] : json[name];
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (texts.length === 0) problems.push(`its ${isInverted ? "Not" : ""}${name} is empty`);
  const expected = name === "Action" ? "an action such as kinesis:PutRecord" : "an ARN or *";
  const isValid = (text: unknown): text is string => typeof text === "string" && isNamePattern(name, text);
  problems.push(...texts.filter((text) => !isValid(text)).map((text) => `${JSON.stringify(text)} is not ${expected}`));
  if (texts.length === 0 || !texts.every(isValid)) return undefined;
  // Actions are compared in lower case.
  const patterns = texts.map((text) => parsePattern(name === "Action" ? text.toLowerCase() : text, version));
  return { isInverted, patterns };
}

function isNamePattern(name: "Action" | "Resource", text: string): boolean {
  if (text === "*") return true;
  return name === "Action" ? /^[a-z0-9-]+:[a-zA-Z0-9*?]+$/i.test(text) : /^(arn:|\*|\$\{)/.test(text);
}
