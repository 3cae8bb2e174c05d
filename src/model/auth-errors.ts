import { ServiceError } from "./service-error.ts";

export function missingAuthenticationToken(): ServiceError {
  return new ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token");
}

/** Signed by header and by query at once, or one of the sentences below. */
export function invalidSignature(message: string): ServiceError {
  return new ServiceError("InvalidSignatureException", message);
}

/** `message` lists what is missing. */
export function incompleteSignature(message: string): ServiceError {
  return new ServiceError("IncompleteSignatureException", message);
}

export function unrecognizedClient(): ServiceError {
  return new ServiceError("UnrecognizedClientException", "The security token included in the request is invalid.");
}

export function signatureDoesNotMatch(): ServiceError {
  return invalidSignature(
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );
}

/** Times in the basic form `YYYYMMDDTHHMMSSZ`; `oldest` is five minutes before `now`. */
export function signatureExpired(times: {
  readonly signed: string;
  readonly oldest: string;
  readonly now: string;
}): ServiceError {
  return invalidSignature(
    `Signature expired: ${times.signed} is now earlier than ${times.oldest} (${times.now} - 5 min.)`,
  );
}

/** `newest` is five minutes after `now`. */
export function signatureNotYetCurrent(times: {
  readonly signed: string;
  readonly newest: string;
  readonly now: string;
}): ServiceError {
  return invalidSignature(
    `Signature not yet current: ${times.signed} is still later than ${times.newest} (${times.now} + 5 min.)`,
  );
}

export function sessionExpired(): ServiceError {
  return new ServiceError("ExpiredTokenException", "The security token included in the request is expired");
}

/** `action` is an operation's name; the suffix is the newer one of two that the service was seen to use. */
export function accessDenied(request: {
  readonly principalArn: string;
  readonly action: string;
  readonly resourceArn: string;
}): ServiceError {
  return new ServiceError(
    "AccessDeniedException",
    `User: ${request.principalArn} is not authorized to perform: kinesis:${request.action} on resource: ${request.resourceArn} because no identity-based policy allows the kinesis:${request.action} action`,
  );
}
