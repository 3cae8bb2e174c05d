import { ServiceError } from "./service-error.ts";

/** A value with another JSON or CBOR type than its shape. */
export function wrongType(message: string): ServiceError {
  return new ServiceError("SerializationException", message, { capitalMessage: true });
}

/** A body that is not JSON or CBOR, or not an object. */
export function unparsableBody(): ServiceError {
  return new ServiceError("SerializationException", "");
}

/** Each violation has the form `Value … at '…' failed to satisfy constraint: …`. */
export function constraintsViolated(violations: readonly string[]): ServiceError {
  const detected =
    violations.length === 1 ? "1 validation error detected" : `${violations.length} validation errors detected`;
  return new ServiceError("ValidationException", `${detected}: ${violations.join("; ")}`);
}

/** The service returns no message (observed). A message of ours helps the operator. */
export function internalFailure(message = ""): ServiceError {
  return new ServiceError("InternalFailure", message);
}

/** A budget of the server's storage is used up. Clients back off and retry, as for a rate of the service. The text is ours. */
export function storageLimitExceeded(message: string): ServiceError {
  return new ServiceError("LimitExceededException", message);
}

/**
 * The service is unavailable for a moment; SDKs retry (API reference, Common Errors; observed without a message). This
 * server returns it only as an injected fault.
 */
export function serviceUnavailable(): ServiceError {
  return new ServiceError("ServiceUnavailable", "");
}

/** A `DryRun` whose call would have succeeded. The text is ours. */
export function dryRunSucceeded(): ServiceError {
  return new ServiceError(
    "DryRunOperationException",
    "The request would have succeeded, but it was not carried out because the DryRun parameter was specified.",
  );
}
