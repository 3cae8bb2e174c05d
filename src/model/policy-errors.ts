import { ServiceError } from "./service-error.ts";

export function policyNotFound(resourceArn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `No resource policy found for resource ARN ${resourceArn}.`);
}
