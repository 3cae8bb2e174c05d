import { invalidNextToken } from "../../model/list-errors.ts";
import { defineOperation } from "../operation.ts";

/** Always empty, and never with a token; so a token given cannot be ours. */
export const listChannels = defineOperation({
  name: "ListChannels",
  plane: "control",
  async handle(input) {
    if (input.NextToken !== undefined) throw invalidNextToken();
    return { ChannelSummaries: [] };
  },
});
