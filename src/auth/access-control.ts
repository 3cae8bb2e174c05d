import { type AuthorizationServices, type AuthorizedRequest, authorizeByPolicies } from "./authorize-by-policies.ts";
import type { Credential } from "./credential.ts";
import { SigningKeyCache } from "./signing-key-cache.ts";
import { checkClaim, type SignedRequest, type VerifiedCaller, verifySignature } from "./verify-signature.ts";

/** Authentication and authorization of requests, where there is a credentials file. */
export interface AccessControl {
  /** See `checkClaim()`. */
  checkClaim(head: Omit<SignedRequest, "body">): void;
  /** See `verifySignature()`. */
  verify(request: SignedRequest): VerifiedCaller | Promise<VerifiedCaller>;
  /** See `authorize()`. */
  authorize(request: AuthorizedRequest): void;
}

export function createAccessControl(
  credentialOf: (accessKeyId: string) => Credential | undefined,
  services: AuthorizationServices,
): AccessControl {
  const verification = { credentialOf, keys: new SigningKeyCache(), nowMs: services.nowMs };
  return {
    checkClaim: (head) => checkClaim(head, verification),
    verify: (request) => verifySignature(request, verification),
    authorize: (request) => authorizeByPolicies(request, services),
  };
}
