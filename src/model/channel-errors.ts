import { ServiceError } from "./service-error.ts";

/** CreateChannel: a sentence of our own, since the service has channels. */
export function channelsNotSupported(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "This server does not deliver to channels: CreateChannel is refused.",
  );
}

export function channelNotFound(channelArn: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Channel ${channelArn} not found.`);
}
