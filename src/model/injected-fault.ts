import { ServiceError, type ServiceErrorType } from "./service-error.ts";

/**
 * The errors that can be injected: those of the API's model, and of the common errors ExpiredTokenException,
 * InternalFailure and ServiceUnavailable.
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
  "ThrottlingException",
  "ValidationException",
] as const satisfies readonly ServiceErrorType[];

export type FaultType = (typeof faultTypes)[number];

/** An injected error. Its text says so, for a user who has forgotten the rule. */
export function injectedFault(type: FaultType): ServiceError {
  return new ServiceError(
    type,
    "Injected by a rule of /dev/faults: the server has not failed, and the request was not carried out.",
  );
}
