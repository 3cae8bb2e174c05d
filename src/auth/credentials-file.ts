import { isJsonObject } from "../model/json-object.ts";
import { type Policy, parsePolicy } from "../streams/policy/policy-document.ts";
import type { Credential } from "./credential.ts";

/** All credentials by access key id, or all problems of the file, one clause each. */
export type ParsedCredentials =
  | { readonly credentials: ReadonlyMap<string, Credential>; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly credentials?: never };

const credentialsMax = 10_000;
const policiesPerCredentialMax = 20;

/**
 * Parses a credentials file: `{"credentials": [{accessKeyId, secretAccessKey, sessionToken?, expiresAt?, account, user?,
 * policies?}]}`. Problems quote the file only within policies: any other text may be a misplaced secret.
 */
export function parseCredentialsFile(json: unknown): ParsedCredentials {
  if (!isJsonObject(json) || !Array.isArray(json["credentials"])) {
    return { problems: ['must hold one JSON object with a list, {"credentials": [...]}'] };
  }
  const list: readonly unknown[] = json["credentials"];
  const problems: string[] = [];
  if (Object.keys(json).length > 1) problems.push('has members other than "credentials"');
  if (list.length === 0) problems.push("has no credentials, so all requests would be refused");
  if (list.length > credentialsMax) return { problems: [...problems, `has more than ${credentialsMax} credentials`] };
  const credentials = new Map<string, Credential>();
  for (const [index, each] of list.entries()) {
    const entryProblems: string[] = [];
    const credential = readCredential(each, entryProblems);
    if (credentials.has(credential.accessKeyId) && credential.accessKeyId !== "") {
      entryProblems.push("accessKeyId is used by an earlier entry too");
    }
    credentials.set(credential.accessKeyId, credential);
    problems.push(...entryProblems.map((problem) => `credentials[${index}]: ${problem}`));
  }
  return problems.length === 0 ? { credentials } : { problems };
}

/** All problems of a credentials file; empty for a valid one. */
export function validateCredentialsFile(json: unknown): readonly string[] {
  return parseCredentialsFile(json).problems ?? [];
}

const members: readonly string[] = [
  ...["accessKeyId", "secretAccessKey", "sessionToken", "expiresAt", "account", "user", "policies"],
];

function readCredential(json: unknown, problems: string[]): Credential {
  if (!isJsonObject(json)) {
    problems.push("must be an object");
    return { accessKeyId: "", secretAccessKey: "", account: "" };
  }
  if (Object.keys(json).some((name) => !members.includes(name))) {
    problems.push(`has a member other than ${members.join(", ")}`);
  }
  const text = (name: string, isRequired: boolean, pattern: RegExp, expected: string): string | undefined => {
    const value = json[name];
    if (value === undefined && !isRequired) return undefined;
    if (typeof value === "string" && pattern.test(value)) return value;
    problems.push(`${name} must be ${expected}`);
    return undefined;
  };
  const accessKeyId = text("accessKeyId", true, /^[\w-]{1,128}$/, "1 to 128 letters, digits, dashes and underscores");
  const secretAccessKey = text("secretAccessKey", true, /^[\x21-\x7e]{1,1024}$/, "1 to 1024 visible characters");
  const sessionToken = text("sessionToken", false, /^[\x21-\x7e]{1,8192}$/, "1 to 8192 visible characters");
  const account = text("account", true, /^\d{12}$/, "an account number of 12 digits");
  const user = text("user", false, /^([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/, "the name of an IAM user");
  const expiresAtMs = readExpiry(json["expiresAt"], problems);
  const policies = readPolicies(json["policies"], problems);
  return {
    accessKeyId: accessKeyId ?? "",
    secretAccessKey: secretAccessKey ?? "",
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    account: account ?? "",
    ...(user === undefined ? {} : { user }),
    ...(policies === undefined ? {} : { policies }),
  };
}

/** A past time is valid: requests are refused as expired. */
function readExpiry(json: unknown, problems: string[]): number | undefined {
  if (json === undefined) return undefined;
  const isTime = typeof json === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/.test(json);
  const ms = isTime ? Date.parse(json) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  problems.push("expiresAt must be a time such as 2027-01-31T12:00:00Z");
  return undefined;
}

function readPolicies(json: unknown, problems: string[]): readonly Policy[] | undefined {
  if (json === undefined) return undefined;
  if (!Array.isArray(json)) {
    problems.push("policies must be a list of IAM policy documents");
    return undefined;
  }
  const list: readonly unknown[] = json;
  if (list.length > policiesPerCredentialMax) problems.push(`has more than ${policiesPerCredentialMax} policies`);
  return list.slice(0, policiesPerCredentialMax).map((document, index) => {
    const parsed = parsePolicy(document, "identity");
    problems.push(...parsed.problems.map((problem) => `policies[${index}]: ${problem}`));
    return parsed.policy;
  });
}
