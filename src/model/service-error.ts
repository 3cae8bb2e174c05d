/** The types that the service puts into `__type`, and no others. */
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
  | "UnknownOperationException"
  | "UnrecognizedClientException"
  | "ValidationException";

/**
 * The caller's error: what the client is told, in the service's words. Made only by the functions of this room's
 * `*-errors.ts` files, one per cause.
 */
export class ServiceError extends Error {
  readonly type: ServiceErrorType;
  /** 500 or 503 for our faults; every error of the caller is a 400, also those that the API reference calls a 403. */
  readonly httpStatus: 400 | 500 | 503;
  /** Errors of binding a body to a shape spell their member `Message`; all others `message`. */
  readonly capitalMessage: boolean;

  /** An empty message is left out of the answer, as the service does for some errors. */
  constructor(type: ServiceErrorType, message: string, options: { readonly capitalMessage?: boolean } = {}) {
    super(message);
    this.name = "ServiceError";
    this.type = type;
    this.httpStatus = type === "InternalFailure" ? 500 : type === "ServiceUnavailable" ? 503 : 400;
    this.capitalMessage = options.capitalMessage ?? false;
  }
}
