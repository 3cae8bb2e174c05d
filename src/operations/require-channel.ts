import { channelNotFound } from "../model/channel-errors.ts";
import type { FoundChannel } from "../registry/stream-registry.ts";
import { parseChannelArn } from "../streams/arn.ts";
import { isVisibleToCaller } from "./is-visible-to-caller.ts";
import type { OperationContext } from "./operation-context.ts";

/** The channel of an ARN in any state, and its stream. Errors: ResourceNotFoundException. */
export function requireChannel(arn: string, { registry, caller }: OperationContext): FoundChannel {
  const address = parseChannelArn(arn);
  const found =
    address === undefined || !isVisibleToCaller(address, caller)
      ? undefined
      : registry.findChannel(address.account, address.region, address.channelId);
  if (found === undefined) throw channelNotFound(arn);
  return found;
}
