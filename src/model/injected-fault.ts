import { ServiceError, type ServiceErrorType } from "./service-error.ts";

/**
 * What a caller may be told although nothing is wrong: the errors of the API's model, and of the common ones those of
 * expired credentials and of a service in trouble.
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

/** An error that a tester asked for. The sentence says so: whoever forgot about the rule looks for a cause in vain. */
export function injectedFault(type: FaultType): ServiceError {
  return new ServiceError(type, "Nothing is wrong: a rule of /dev/faults asks for this error.");
}
