import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

/** The caller, who writes or starts encryption, may not use the key (observed). */
export function keyNotForWriter(userArn: string, keyArn: string): ServiceError {
  return new ServiceError(
    "KMSAccessDeniedException",
    `User: ${userArn} is not authorized to perform: kms:GenerateDataKey on resource: ${keyArn}`,
  );
}

/** A reader may not use the key (observed, but for the form of the two names). */
export function keyNotForReader(userArn: string, streamArn: string): ServiceError {
  return new ServiceError(
    "KMSAccessDeniedException",
    `User ${userArn} is not authorized to decrypt records in stream ${streamArn}`,
  );
}

// The service's sentences for the rest of this file have not been seen; types are declared, the wording is ours.

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

/** A document has room for so many data keys; they go a year after their last use. */
export function tooManyDataKeys(stream: StreamPlace, limit: number): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `Stream ${stream.name} under account ${stream.account} has been given ${limit} data keys within a year. Limit: ${limit}.`,
  );
}

function keyOf(keyId: string, { name, account }: StreamPlace): string {
  return `Key ${keyId} for stream ${name} under account ${account}`;
}
