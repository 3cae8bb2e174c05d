import {
  type AuthorizationServices,
  type AuthorizedRequest,
  authorizeByPolicies,
  authorizeMonitoring,
  type MonitoringRequest,
} from "./authorize-by-policies.ts";
import type { Credential } from "./credential.ts";
import { SigningKeyCache } from "./signing-key-cache.ts";
import {
  checkClaim,
  type SignedRequest,
  type Verification,
  type VerifiedCaller,
  verifySignature,
} from "./verify-signature.ts";

/** Authentication and authorization of requests, where there is a credentials file. */
export interface AccessControl {
  /** See `checkClaim()`. */
  checkClaim(head: Omit<SignedRequest, "body">): void;
  /** See `verifySignature()`. */
  verify(request: SignedRequest): VerifiedCaller | Promise<VerifiedCaller>;
  /** See `authorize()`. */
  authorize(request: AuthorizedRequest): void;
  /** The same for calls of CloudWatch. */
  readonly monitoring: {
    checkClaim(head: Omit<SignedRequest, "body">): void;
    verify(request: SignedRequest): VerifiedCaller | Promise<VerifiedCaller>;
    authorize(request: MonitoringRequest): void;
  };
}

export function createAccessControl(
  credentialOf: (accessKeyId: string) => Credential | undefined,
  services: AuthorizationServices,
): AccessControl {
  const shared = { credentialOf, keys: new SigningKeyCache(), nowMs: services.nowMs };
  const verification: Verification = { ...shared, service: "kinesis" };
  const ofMonitoring: Verification = { ...shared, service: "monitoring" };
  return {
    checkClaim: (head) => checkClaim(head, verification),
    verify: (request) => verifySignature(request, verification),
    authorize: (request) => authorizeByPolicies(request, services),
    monitoring: {
      checkClaim: (head) => checkClaim(head, ofMonitoring),
      verify: (request) => verifySignature(request, ofMonitoring),
      authorize: (request) => authorizeMonitoring(request, services),
    },
  };
}
