import type { Caller } from "./caller.ts";

/**
 * Whether a request may speak of something in this account and region. Where signatures are not verified, nobody can say
 * who may reach into another account, so an ARN of one names nothing; of another region it never does.
 */
export function canReference(place: { readonly account: string; readonly region: string }, caller: Caller): boolean {
  return place.region === caller.region && (place.account === caller.account || caller.isVerified === true);
}
