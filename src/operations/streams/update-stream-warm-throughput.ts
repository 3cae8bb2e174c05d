import { streamNotOnDemand } from "../../model/setting-errors.ts";
import { streamArn } from "../../streams/arn.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { warmThroughputChange, warmThroughputOutput } from "./warm-throughput.ts";

export const updateStreamWarmThroughput = defineOperation({
  name: "UpdateStreamWarmThroughput",
  plane: "control",
  async handle(input, context) {
    const applyWarmThroughput = await warmThroughputChange(input.WarmThroughputMiBps, context);
    const { stream } = await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      if (revision.stream.mode !== "ON_DEMAND") throw streamNotOnDemand(revision.stream);
      return [revision, applyWarmThroughput(revision.stream)];
    });
    return { StreamName: stream.name, StreamARN: streamArn(stream), WarmThroughput: warmThroughputOutput(stream) };
  },
});
