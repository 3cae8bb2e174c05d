import { channelNotActive, destinationOfOtherKind } from "../../model/channel-errors.ts";
import type { UpdateChannelInput } from "../../model/shapes.generated.ts";
import { replaceChannel } from "../../streams/channel-ref.ts";
import { channelLogging, checkFreshness } from "../../streams/channel-settings.ts";
import type { StreamChannel } from "../../streams/stream.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireChannel } from "../require-channel.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { channelDescriptionOutput } from "./channel-output.ts";
import { freshnessSecondsMinOf } from "./freshness-limit.ts";

/** Freshness and logging alone can change; delivery goes on meanwhile. No member to change is accepted too. */
export const updateChannel = defineOperation({
  name: "UpdateChannel",
  plane: "control",
  async handle(input, context) {
    let updated: StreamChannel | undefined;
    const { stream } = await updateStreamDocument(context, () => {
      const { revision, channel } = requireChannel(input.ChannelARN, context);
      if (channel.status !== "ACTIVE") throw channelNotActive(input.ChannelARN, channel.status);
      updated = {
        ...channel,
        freshnessSeconds: freshnessOf(input, channel, context),
        ...(input.LoggingConfiguration === undefined
          ? {}
          : { logging: channelLogging(input.LoggingConfiguration, channel) }),
        status: "UPDATING",
        dueMs: transitionDueMs(context),
      };
      return [revision, replaceChannel(revision.stream, updated)];
    });
    if (updated === undefined) throw new Error("an update that was written has been planned");
    return { ChannelDescription: channelDescriptionOutput(stream, updated) };
  },
});

/** Errors: ValidationException. */
function freshnessOf(input: UpdateChannelInput, channel: StreamChannel, context: OperationContext): number {
  const isBucket = channel.destination.kind === "bucket";
  const other = isBucket ? "S3TablesDestinationConfiguration" : "S3DestinationConfiguration";
  if (input[other] !== undefined) throw destinationOfOtherKind(other);
  const own = isBucket ? input.S3DestinationConfiguration : input.S3TablesDestinationConfiguration;
  if (own === undefined) return channel.freshnessSeconds;
  return checkFreshness(own.DataFreshnessInSeconds, freshnessSecondsMinOf(context));
}
