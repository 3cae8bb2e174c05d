import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

/** A put or StartStreamEncryption may not use the key (observed). */
export function keyNotForWriter(userArn: string, keyArn: string): ServiceError {
  return new ServiceError(
    "KMSAccessDeniedException",
    `User: ${userArn} is not authorized to perform: kms:GenerateDataKey on resource: ${keyArn}`,
  );
}

/** A read may not use the key (observed, except for the form of the two names). */
export function keyNotForReader(userArn: string, streamArn: string): ServiceError {
  return new ServiceError(
    "KMSAccessDeniedException",
    `User ${userArn} is not authorized to decrypt records in stream ${streamArn}`,
  );
}

// The texts below are ours: only the types of these errors are documented.

export function keyDisabled(keyId: string, stream: StreamPlace): ServiceError {
  return new ServiceError("KMSDisabledException", `${keyOf(keyId, stream)} is disabled.`);
}

export function keyInvalidState(keyId: string, stream: StreamPlace): ServiceError {
  return new ServiceError(
    "KMSInvalidStateException",
    `${keyOf(keyId, stream)} is in a state in which it cannot be used.`,
  );
}

export function keyNotFound(keyId: string, stream: StreamPlace): ServiceError {
  return new ServiceError("KMSNotFoundException", `${keyOf(keyId, stream)} is not found.`);
}

export function keyNeedsOptIn(keyId: string, stream: StreamPlace): ServiceError {
  return new ServiceError("KMSOptInRequired", `${keyOf(keyId, stream)} needs a subscription to the key service.`);
}

export function keyThrottled(keyId: string, stream: StreamPlace): ServiceError {
  return new ServiceError("KMSThrottlingException", `${keyOf(keyId, stream)} is asked for too often.`);
}

/** The document of a stream has the most data keys that it can; they are removed a year after their last use. */
export function tooManyDataKeys(stream: StreamPlace, limit: number): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `Stream ${stream.name} under account ${stream.account} has been given ${limit} data keys within a year. Limit: ${limit}.`,
  );
}

function keyOf(keyId: string, { name, account }: StreamPlace): string {
  return `Key ${keyId} for stream ${name} under account ${account}`;
}
