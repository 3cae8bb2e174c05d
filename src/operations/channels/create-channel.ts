import { checkChannels } from "../../limits/quotas.ts";
import {
  channelExists,
  channelNeedsOnDemand,
  channelNeedsOwnKey,
  channelsNotConfigured,
  destinationNotConfigured,
} from "../../model/channel-errors.ts";
import { streamNotFound } from "../../model/stream-errors.ts";
import type { StreamRevision } from "../../registry/stream-revision.ts";
import { findChannel } from "../../streams/channel-ref.ts";
import { type ChannelSettings, channelLogging, parseChannelSettings } from "../../streams/channel-settings.ts";
import type { Stream, StreamChannel } from "../../streams/stream.ts";
import { addTags } from "../../streams/tags.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { createNamedRow } from "../create-named-row.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireStreamInState } from "../require-stream.ts";
import { channelDescriptionOutput } from "./channel-output.ts";
import { freshnessSecondsMinOf } from "./freshness-limit.ts";

/** A role cannot use the key that Amazon manages (Developer Guide, data delivery, IAM). */
const managedKey = "alias/aws/kinesis";

/**
 * Reserves the name, then writes the channel as a row of its stream's document; the reconciler tries its destination and makes
 * it ACTIVE or FAILED. A name can be used again once its channel is gone.
 */
export const createChannel = defineOperation({
  name: "CreateChannel",
  plane: "control",
  async handle(input, context) {
    const { account, region } = context.caller;
    const { streamArn, settings } = parseChannelSettings(input, freshnessSecondsMinOf(context));
    requireDestination(settings, context);
    const plan = (id: string): readonly [StreamRevision, Stream] => {
      const revision = requireDeliverableStream(streamArn, context);
      const { stream } = revision;
      if (isNameTaken(input.ChannelName, context)) throw channelExists(input.ChannelName, account);
      const channels = stream.channels ?? [];
      checkChannels(context.limits?.table, stream, settings.destination.kind);
      const channel: StreamChannel = {
        id,
        name: input.ChannelName,
        status: "CREATING",
        createdMs: context.clock.nowMs(),
        dueMs: transitionDueMs(context),
        ...settings,
        logging: channelLogging(input.LoggingConfiguration, { name: input.ChannelName, id }),
        tags: addTags(stream, {}, input.Tags ?? {}),
      };
      return [revision, { ...stream, channels: [...channels, channel] }];
    };
    const { id, stream } = await createNamedRow(context, {
      name: input.ChannelName,
      names: context.channelNames,
      isUsed: (id) => context.registry.findChannel(account, region, id) !== undefined,
      plan,
      exists: () => channelExists(input.ChannelName, account),
    });
    const created = findChannel(stream, id);
    if (created === undefined) throw new Error("a channel that was just written is in the document");
    return { ChannelDescription: { ...channelDescriptionOutput(stream, created), ChannelStatus: "CREATING" } };
  },
});

/** Errors: InvalidArgumentException where the server does not know the buckets. */
function requireDestination({ destination, deadLetters }: ChannelSettings, { channels }: OperationContext): void {
  if (channels === undefined) throw channelsNotConfigured();
  const { kind, bucketArn } = destination;
  if (!channels.knows(kind, bucketArn)) throw destinationNotConfigured(bucketArn);
  if (!channels.knows("bucket", deadLetters.bucketArn)) throw destinationNotConfigured(deadLetters.bucketArn);
}

/** The stream of the caller's own account. Errors: ResourceNotFound-, ResourceInUse- and ValidationException. */
function requireDeliverableStream(streamArn: string, context: OperationContext): StreamRevision {
  const revision = requireStreamInState(["ACTIVE", "UPDATING"], { StreamARN: streamArn }, context);
  const { stream } = revision;
  if (stream.account !== context.caller.account) throw streamNotFound(stream);
  if (stream.mode !== "ON_DEMAND") throw channelNeedsOnDemand(stream);
  if (stream.encryption?.keyId === managedKey) throw channelNeedsOwnKey(stream);
  return revision;
}

/** Whether a channel of the account in the region has the name. */
function isNameTaken(name: string, { registry, caller }: OperationContext): boolean {
  for (const { stream } of registry.inRegion(caller.account, caller.region)) {
    if ((stream.channels ?? []).some((channel) => channel.name === name)) return true;
  }
  return false;
}
