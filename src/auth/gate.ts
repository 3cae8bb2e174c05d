import { type AuthorizationRooms, type AuthorizedRequest, authorize } from "./authorize.ts";
import type { Credential } from "./credential.ts";
import { SigningKeys } from "./signing-keys.ts";
import { type SignedRequest, type VerifiedCaller, verifySignature } from "./verify-signature.ts";

/** Who comes in, and what for, where there are credentials. */
export interface Gate {
  /** See `verifySignature()`. */
  verify(request: SignedRequest): VerifiedCaller | Promise<VerifiedCaller>;
  /** See `authorize()`. */
  authorize(request: AuthorizedRequest): void;
}

export function makeGate(
  credentialOf: (accessKeyId: string) => Credential | undefined,
  rooms: AuthorizationRooms,
): Gate {
  const verification = { credentialOf, keys: new SigningKeys(), nowMs: rooms.nowMs };
  return {
    verify: (request) => verifySignature(request, verification),
    authorize: (request) => authorize(request, rooms),
  };
}
