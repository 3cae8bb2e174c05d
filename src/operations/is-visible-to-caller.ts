import type { Caller } from "./caller.ts";

/**
 * Whether a request may name a resource of this account and region: never one of another region, and one of another
 * account only where signatures are verified. Otherwise the resource counts as not found.
 */
export function isVisibleToCaller(
  place: { readonly account: string; readonly region: string },
  caller: Caller,
): boolean {
  return place.region === caller.region && (place.account === caller.account || caller.isVerified === true);
}
