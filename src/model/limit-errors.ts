import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

/** For a call that names no stream; with a stream it is `streamRateExceeded`, whatever the rate counts (both observed). */
export function accountRateExceeded(account: string): ServiceError {
  return new ServiceError("LimitExceededException", `Rate exceeded for account ${account}.`);
}

/** Clients match this text to retry, so it is exactly as observed, with its grammar and two spaces. */
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

// The texts below are ours: only the types of these errors are documented.

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
