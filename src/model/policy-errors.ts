import { ServiceError } from "./service-error.ts";

// The service's sentences for the rest of this file have not been seen; types are declared, the wording is ours.

export function policyNotFound(resourceArn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `No resource policy found for resource ARN ${resourceArn}.`);
}

export function policyInvalid(reason: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `The resource policy is invalid: ${reason}`);
}

/** A ResourceARN that names nothing this server could have. */
export function resourceNotFound(resourceArn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Resource ${resourceArn} not found.`);
}
