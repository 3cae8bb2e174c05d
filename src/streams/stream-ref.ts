import { invalidStreamArn, streamNameAndArnDiffer, streamUnnamed } from "../model/stream-errors.ts";
import { parseStreamArn, type StreamAddress } from "./arn.ts";

/** The members by which operations name a stream. `StreamId` is reserved by AWS and ignored. */
export interface StreamRefMembers {
  readonly StreamName?: string | undefined;
  readonly StreamARN?: string | undefined;
}

/**
 * Which stream a request means: the ARN's own account and region, else the caller's.
 *
 * Errors: InvalidArgumentException for neither, for both when they disagree, and for an ARN of something else.
 */
export function resolveStreamRef(
  { StreamName, StreamARN }: StreamRefMembers,
  caller: { readonly account: string; readonly region: string },
): StreamAddress {
  if (StreamARN === undefined) {
    if (StreamName === undefined) throw streamUnnamed();
    return { account: caller.account, region: caller.region, name: StreamName };
  }
  const address = parseStreamArn(StreamARN);
  if (address === undefined) throw invalidStreamArn(StreamARN);
  if (StreamName !== undefined && StreamName !== address.name) throw streamNameAndArnDiffer();
  return address;
}
