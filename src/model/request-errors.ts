import { ServiceError } from "./service-error.ts";

/** A value of the wrong JSON or CBOR type, found while binding the body to the operation's shape. */
export function wrongType(message: string): ServiceError {
  return new ServiceError("SerializationException", message, { capitalMessage: true });
}

/** A body that does not parse, or not to an object. */
export function unparsableBody(): ServiceError {
  return new ServiceError("SerializationException", "");
}

/** `violations` in the order of the answer, each as `Value … at '…' failed to satisfy constraint: …`. */
export function constraintsViolated(violations: readonly string[]): ServiceError {
  const detected =
    violations.length === 1 ? "1 validation error detected" : `${violations.length} validation errors detected`;
  return new ServiceError("ValidationException", `${detected}: ${violations.join("; ")}`);
}

/** The service gives no message; ours may, where it helps an operator. */
export function internalFailure(message = ""): ServiceError {
  return new ServiceError("InternalFailure", message);
}

/**
 * A moment of trouble at the service, which SDKs get past by trying again (API reference, Common Errors; seen without a
 * message). This server never says so of itself.
 */
export function serviceUnavailable(): ServiceError {
  return new ServiceError("ServiceUnavailable", "");
}

/** The answer to a `DryRun` whose call would have succeeded. The service's own text has not been seen. */
export function dryRunSucceeded(): ServiceError {
  return new ServiceError(
    "DryRunOperationException",
    "The request would have succeeded, but it was not carried out because the DryRun parameter was specified.",
  );
}
