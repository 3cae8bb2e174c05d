import { replaceChannel } from "../../streams/channel-ref.ts";
import { transitionDueMs } from "../begin-transition.ts";
import { defineOperation } from "../operation.ts";
import { requireChannel } from "../require-channel.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Works in every state. Nothing is delivered after it but a batch at work; what was delivered stays. */
export const deleteChannel = defineOperation({
  name: "DeleteChannel",
  plane: "control",
  async handle(input, context) {
    await updateStreamDocument(context, () => {
      const { revision, channel } = requireChannel(input.ChannelARN, context);
      if (channel.status === "DELETING") return [revision, revision.stream];
      const deleting = { ...channel, status: "DELETING", dueMs: transitionDueMs(context) } as const;
      return [revision, replaceChannel(revision.stream, deleting)];
    });
    return undefined;
  },
});
