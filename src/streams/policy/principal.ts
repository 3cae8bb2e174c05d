/** The caller as policies name it. */
export interface Principal {
  readonly account: string;
  /** `arn:aws:iam::111122223333:user/alice`, or `…:root` for the account itself. */
  readonly arn: string;
}

/**
 * The Principal or NotPrincipal of a statement in a resource policy. An account is the same one in all partitions; the ARN of
 * a user is compared whole, and that of a caller has the partition of its region.
 */
export interface PrincipalPattern {
  readonly isInverted: boolean;
  /** `*`: every principal. */
  readonly isWildcard: boolean;
  /** Account numbers; a root ARN is stored as its account. */
  readonly accounts: ReadonlySet<string>;
  readonly arns: ReadonlySet<string>;
}

/** Whether a statement names a principal itself, only its account, or neither. */
export type PrincipalMatch = "itself" | "its account" | "none";

const principalKinds: readonly string[] = ["AWS", "Service", "Federated", "CanonicalUser"];

/** Undefined for anything else than a principal. Services and federated users are accepted and never match. */
export function parsePrincipal(json: unknown, isInverted: boolean): PrincipalPattern | undefined {
  if (json === "*") return { isInverted, isWildcard: true, accounts: new Set(), arns: new Set() };
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const pattern = { isInverted, isWildcard: false, accounts: new Set<string>(), arns: new Set<string>() };
  for (const [kind, given] of Object.entries(json)) {
    const names: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (!principalKinds.includes(kind) || !names.every((name) => typeof name === "string")) return undefined;
    if (kind === "AWS" && !names.every((name) => addAwsPrincipal(pattern, name))) return undefined;
  }
  return pattern;
}

/** Adds one name under `AWS`; false for anything else than an account, an ARN, an id or `*`. */
function addAwsPrincipal(
  pattern: { isWildcard: boolean; readonly accounts: Set<string>; readonly arns: Set<string> },
  name: string,
): boolean {
  const account = /^(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?$/.exec(name)?.[1];
  const isArn = /^arn:aws[a-z-]*:(iam|sts)::\d{12}:\S+$/.test(name);
  // Unique ids of users and roles are valid, although no principal of this server has one.
  const isUniqueId = /^A[A-Z]{3}[A-Z0-9]{8,}$/.test(name);
  if (name === "*") pattern.isWildcard = true;
  else if (account !== undefined) pattern.accounts.add(account);
  else if (isArn || isUniqueId) pattern.arns.add(name);
  else return false;
  return true;
}

/**
 * A NotPrincipal, which only a Deny may have, spares the users of an account that it names from nothing: authors name it
 * beside a user, so that the user's account is not denied. IAM User Guide, "AWS JSON policy elements: NotPrincipal".
 */
export function matchPrincipal(pattern: PrincipalPattern, principal: Principal): PrincipalMatch {
  const match = matchNamed(pattern, principal);
  if (!pattern.isInverted) return match;
  return match === "itself" ? "none" : "itself";
}

function matchNamed({ isWildcard, accounts, arns }: PrincipalPattern, { account, arn }: Principal): PrincipalMatch {
  if (isWildcard || arns.has(arn)) return "itself";
  if (!accounts.has(account)) return "none";
  return arn.endsWith(":root") ? "itself" : "its account";
}
