/** Who asks. */
export interface Principal {
  readonly account: string;
  /** `arn:aws:iam::111122223333:user/alice`, or of `root` for the account itself. */
  readonly arn: string;
}

/** The Principal or NotPrincipal of a statement in a resource policy. */
export interface PrincipalPattern {
  readonly isInverted: boolean;
  readonly isAnybody: boolean;
  /** Account numbers; a root ARN is the same as its account. */
  readonly accounts: ReadonlySet<string>;
  readonly arns: ReadonlySet<string>;
}

/** How a statement speaks of a principal: of it, only of its account, or not at all. */
export type PrincipalMatch = "itself" | "its account" | "not";

/** Undefined for what is no principal. Services and federated users are understood and never ask here. */
export function parsePrincipal(json: unknown, isInverted: boolean): PrincipalPattern | undefined {
  const accounts = new Set<string>();
  const arns = new Set<string>();
  if (json === "*") return { isInverted, isAnybody: true, accounts, arns };
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  let isAnybody = false;
  for (const [kind, given] of Object.entries(json)) {
    const names: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (!["AWS", "Service", "Federated", "CanonicalUser"].includes(kind)) return undefined;
    for (const name of names) {
      if (typeof name !== "string") return undefined;
      if (kind !== "AWS") continue;
      const account = /^(?:arn:aws[a-z-]*:iam::)?(\d{12})(?::root)?$/.exec(name)?.[1];
      if (name === "*") isAnybody = true;
      else if (account !== undefined) accounts.add(account);
      else if (/^arn:aws[a-z-]*:(iam|sts)::\d{12}:\S+$/.test(name) || /^A[A-Z]{3}[A-Z0-9]{8,}$/.test(name)) {
        // Ids of users and roles are taken, though nobody here has one.
        arns.add(name);
      } else return undefined;
    }
  }
  return { isInverted, isAnybody, accounts, arns };
}

export function matchPrincipal(pattern: PrincipalPattern, principal: Principal): PrincipalMatch {
  const named = matchNamed(pattern, principal);
  if (!pattern.isInverted) return named;
  return named === "not" ? "itself" : "not";
}

function matchNamed({ isAnybody, accounts, arns }: PrincipalPattern, { account, arn }: Principal): PrincipalMatch {
  if (isAnybody || arns.has(arn)) return "itself";
  if (!accounts.has(account)) return "not";
  return arn.endsWith(":root") ? "itself" : "its account";
}
