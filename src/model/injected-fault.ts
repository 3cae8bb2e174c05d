import { ServiceError, type ServiceErrorType } from "./service-error.ts";

/**
 * The errors that a tester can have injected: those of the API's model, and of the common errors those of expired credentials
 * and of an unavailable service.
 */
export const faultTypes = [
  "AccessDeniedException",
  "ExpiredIteratorException",
  "ExpiredNextTokenException",
  "ExpiredTokenException",
  "InternalFailure",
  "InvalidArgumentException",
  "KMSAccessDeniedException",
  "KMSDisabledException",
  "KMSInvalidStateException",
  "KMSNotFoundException",
  "KMSOptInRequired",
  "KMSThrottlingException",
  "LimitExceededException",
  "ProvisionedThroughputExceededException",
  "ResourceInUseException",
  "ResourceNotFoundException",
  "ServiceUnavailable",
  "ValidationException",
] as const satisfies readonly ServiceErrorType[];

export type FaultType = (typeof faultTypes)[number];

/** An injected error, whose message says so. */
export function injectedFault(type: FaultType): ServiceError {
  return new ServiceError(
    type,
    "Injected by a rule of /dev/faults: the server has not failed, and the request was not carried out.",
  );
}
