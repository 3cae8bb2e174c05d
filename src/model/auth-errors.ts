import { ServiceError } from "./service-error.ts";

export function missingAuthenticationToken(): ServiceError {
  return new ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token");
}

/** Also for a request that is signed in its header and in its query. */
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

/** Times in the form `YYYYMMDDTHHMMSSZ`; `oldest` is `lifeMs` before `now`: five minutes, or X-Amz-Expires of a query. */
export function signatureExpired(times: {
  readonly signed: string;
  readonly oldest: string;
  readonly now: string;
  readonly lifeMs: number;
}): ServiceError {
  const { signed, oldest, now, lifeMs } = times;
  const life = lifeMs % 60_000 === 0 ? `${lifeMs / 60_000} min.` : `${lifeMs / 1000} sec.`;
  return invalidSignature(`Signature expired: ${signed} is now earlier than ${oldest} (${now} - ${life})`);
}

export function signatureExpiryMalformed(expires: string): ServiceError {
  return incompleteSignature(`X-Amz-Expires must be a whole number of seconds from 1 to 604800. Got '${expires}'.`);
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

/** A header that affects what the request does is not signed. */
export function headerNotSigned(name: string): ServiceError {
  const shown = name === "host" ? "'Host' or ':authority'" : `'${name}'`;
  return invalidSignature(`${shown} must be a 'SignedHeader' in the AWS Authorization.`);
}

export function signatureDateMalformed(date: string): ServiceError {
  return incompleteSignature(
    `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
  );
}

export function algorithmNotSupported(algorithm: string): ServiceError {
  return incompleteSignature(`Unsupported AWS 'algorithm': '${algorithm}' (only AWS4-HMAC-SHA256 for now). `);
}

export function credentialMalformed(credential: string): ServiceError {
  return incompleteSignature(
    `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
  );
}

/** The reason of a denial, in the words of the IAM User Guide, "Troubleshoot access denied error messages". */
export type DeniedBecause =
  | "no identity-based policy allows"
  | "no resource-based policy allows"
  | "evaluating the policies takes too long to allow"
  | "explicit deny in an identity-based policy"
  | "explicit deny in a resource-based policy";

/** `action`: the name of an operation. The last clause is the newer one of two (observed). */
export function accessDenied(request: {
  readonly principalArn: string;
  readonly action: string;
  readonly resourceArn: string;
  readonly because?: DeniedBecause;
}): ServiceError {
  const { principalArn, action, resourceArn, because = "no identity-based policy allows" } = request;
  const reason = because.startsWith("explicit")
    ? `with an ${because}`
    : `because ${because} the kinesis:${action} action`;
  return new ServiceError(
    "AccessDeniedException",
    `User: ${principalArn} is not authorized to perform: kinesis:${action} on resource: ${resourceArn} ${reason}`,
  );
}

/** A call of CloudWatch that the policies of the caller do not allow. */
export function monitoringDenied(request: {
  readonly principalArn: string;
  readonly operation: string;
  readonly because: DeniedBecause;
}): ServiceError {
  const { principalArn, operation, because } = request;
  const action = `cloudwatch:${operation}`;
  const reason = because.startsWith("explicit") ? `with an ${because}` : `because ${because} the ${action} action`;
  return new ServiceError(
    "AccessDeniedException",
    `User: ${principalArn} is not authorized to perform: ${action} ${reason}`,
  );
}
