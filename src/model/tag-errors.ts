import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

export type TagAction = "add tags to" | "remove tags from";

/** A character outside letters, digits, space and `_ . / = + - % @ :`; the text leaves the colon out, as the service does. */
export function tagCharactersInvalid(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
  );
}

/** `%` passes the first check and fails this one; the text lists the characters wrongly, as the service does. */
export function tagCharactersIllegal(stream: StreamPlace, action: TagAction): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Failed to ${action} stream ${stream.name} under account ${stream.account} because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.`,
  );
}

/** The text says 10; the limit that the service enforces is 50. */
export function tooManyTags(stream: StreamPlace): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Failed to add tags to stream ${stream.name} under account ${stream.account} because a given stream cannot have more than 10 tags associated with it.`,
  );
}

/** Reserved in every AWS service; the wording is ours. */
export function reservedTagKey(key: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Tag key ${key} is invalid: keys that begin with aws: are reserved.`,
  );
}
