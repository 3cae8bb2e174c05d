/** What one check of `doctor` found. */
export interface Finding {
  readonly check: string;
  /** `warn`: it works, and may not stay so. */
  readonly state: "ok" | "warn" | "fail";
  readonly found: string;
  /** What to do; empty if there is nothing to do. */
  readonly advice: string;
}

export function ok(check: string, found: string): Finding {
  return { check, state: "ok", found, advice: "" };
}

export function warn(check: string, found: string, advice: string): Finding {
  return { check, state: "warn", found, advice };
}

export function fail(check: string, found: string, advice: string): Finding {
  return { check, state: "fail", found, advice };
}
