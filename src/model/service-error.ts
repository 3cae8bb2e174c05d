/** All values of `__type` in error responses. */
export type ServiceErrorType =
  | "AccessDeniedException"
  | "DryRunOperationException"
  | "ExpiredIteratorException"
  | "ExpiredNextTokenException"
  | "ExpiredTokenException"
  | "IncompleteSignatureException"
  | "InternalFailure"
  | "InvalidArgumentException"
  | "InvalidSignatureException"
  | "KMSAccessDeniedException"
  | "KMSDisabledException"
  | "KMSInvalidStateException"
  | "KMSNotFoundException"
  | "KMSOptInRequired"
  | "KMSThrottlingException"
  | "LimitExceededException"
  | "MissingAuthenticationTokenException"
  | "ProvisionedThroughputExceededException"
  | "ResourceInUseException"
  | "ResourceNotFoundException"
  | "SerializationException"
  | "ServiceUnavailable"
  | "ThrottlingException"
  | "UnknownOperationException"
  | "UnrecognizedClientException"
  | "ValidationException";

/**
 * An error response in the service's words. Only the functions of the `*-errors.ts` files in this folder create it, one for
 * each cause.
 */
export class ServiceError extends Error {
  readonly type: ServiceErrorType;
  /** 500 or 503 for faults of the server; 400 for all others, also those that the API reference documents as 403. */
  readonly httpStatus: 400 | 500 | 503;
  /** Whether the member is spelled `Message`, as in errors of binding a body to its shape; otherwise `message`. */
  readonly capitalMessage: boolean;

  /** An empty message is omitted from the response, as the service does for some errors. */
  constructor(type: ServiceErrorType, message: string, options: { readonly capitalMessage?: boolean } = {}) {
    super(message);
    this.name = "ServiceError";
    this.type = type;
    this.httpStatus = type === "InternalFailure" ? 500 : type === "ServiceUnavailable" ? 503 : 400;
    this.capitalMessage = options.capitalMessage ?? false;
  }
}
