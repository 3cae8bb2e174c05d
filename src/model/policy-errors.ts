import { ServiceError } from "./service-error.ts";

// The texts below are ours: only the types of these errors are documented.

export function policyNotFound(resourceArn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `No resource policy found for resource ARN ${resourceArn}.`);
}

export function policyInvalid(reason: string): ServiceError {
  return new ServiceError("InvalidArgumentException", `The resource policy is invalid: ${reason}`);
}

/** A ResourceARN of a kind of resource that this server does not have. */
export function resourceKindNotFound(resourceArn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Resource ${resourceArn} not found.`);
}
