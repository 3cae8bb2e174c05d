import { invalidStreamArn, streamNameAndArnDiffer, streamUnnamed } from "../model/stream-errors.ts";
import { parseStreamArn, type StreamAddress } from "./arn.ts";

/** The members by which operations name a stream. `StreamId`, reserved by AWS, is ignored. */
export interface StreamRefMembers {
  readonly StreamName?: string | undefined;
  readonly StreamARN?: string | undefined;
}

/**
 * The address of the stream that a request names: account and region are the ARN's, or else the caller's.
 *
 * Errors: InvalidArgumentException when both are absent or disagree, and for an ARN of anything else than a stream.
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
