import { ServiceError } from "./service-error.ts";
import type { StreamPlace } from "./stream-errors.ts";

export type TagAction = "add tags to" | "remove tags from";

/** A character other than letters, digits, space and `_ . / = + - % @ :`. The text omits the colon (observed). */
export function tagCharactersInvalid(): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.",
  );
}

/** For `%`, which `tagCharactersInvalid` allows. The list of characters in the text is wrong (observed). */
export function tagPercentSignIllegal(stream: StreamPlace, action: TagAction): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Failed to ${action} stream ${stream.name} under account ${stream.account} because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.`,
  );
}

/** The text says 10; the limit of the service is 50. */
export function tooManyTags(stream: StreamPlace): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Failed to add tags to stream ${stream.name} under account ${stream.account} because a given stream cannot have more than 10 tags associated with it.`,
  );
}

/** Reserved in all AWS services. The text is ours. */
export function reservedTagKey(key: string): ServiceError {
  return new ServiceError(
    "InvalidArgumentException",
    `Tag key ${key} is invalid: keys that begin with aws: are reserved.`,
  );
}
