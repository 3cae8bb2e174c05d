import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

/** For a call that names no stream; `streamRateExceeded` is for one that does, whatever is counted (both observed). */
export function accountRateExceeded(account: string): ServiceError {
  return new ServiceError("LimitExceededException", `Rate exceeded for account ${account}.`);
}

/** Clients look for this text to try again, so it is kept as observed, with its grammar and its two spaces. */
export function tooManyStreamsCreating(account: string, limit: number): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `This request would have exceed the limit on the number  of streams that can simultaneously be in CREATING or DELETING for the account ${account}. Limit: ${limit}.`,
  );
}

/** CreateStream and UpdateStreamMode (observed 2024). */
export function tooManyOnDemandStreams(
  place: { readonly account: string; readonly region: string },
  streams: { readonly current: number; readonly limit: number },
): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `This request would exceed the limit on the number of On-Demand streams for the account ${place.account} in ${place.region}. Current On-Demand streams count: ${streams.current}. Limit: ${streams.limit}.`,
  );
}

// The service's sentences for the rest of this file have not been seen; the wording is ours.

export function tooManyConsumers(
  stream: StreamPlace,
  consumers: { readonly current: number; readonly limit: number },
): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `This request would exceed the limit of consumers for stream ${stream.name} under account ${stream.account}. Current count: ${consumers.current}. Limit: ${consumers.limit}.`,
  );
}

export function tooManyConsumersCreating(stream: StreamPlace, limit: number): ServiceError {
  return new ServiceError(
    "LimitExceededException",
    `This request would exceed the limit of consumers that can simultaneously be in CREATING for stream ${stream.name} under account ${stream.account}. Limit: ${limit}.`,
  );
}
