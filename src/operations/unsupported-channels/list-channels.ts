import { invalidNextToken } from "../../model/list-errors.ts";
import { defineOperation } from "../operation.ts";

/** Always empty and without a token, so every token in a request is invalid. */
export const listChannels = defineOperation({
  name: "ListChannels",
  plane: "control",
  async handle(input) {
    if (input.NextToken !== undefined) throw invalidNextToken();
    return { ChannelSummaries: [] };
  },
});
