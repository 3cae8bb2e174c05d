import { streamNotOnDemand } from "../../model/setting-errors.ts";
import { streamArn } from "../../streams/arn.ts";
import { requireStreamInState } from "../find-stream.ts";
import { defineOperation } from "../operation.ts";
import { updateStreamDocument } from "../update-stream-document.ts";
import { planWarmThroughput, warmThroughputShape } from "./warm-throughput.ts";

export const updateStreamWarmThroughput = defineOperation({
  name: "UpdateStreamWarmThroughput",
  plane: "control",
  async handle(input, context) {
    const applyWarmThroughput = await planWarmThroughput(input.WarmThroughputMiBps, context);
    const { stream } = await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      if (revision.stream.mode !== "ON_DEMAND") throw streamNotOnDemand(revision.stream);
      return [revision, applyWarmThroughput(revision.stream)];
    });
    return { StreamName: stream.name, StreamARN: streamArn(stream), WarmThroughput: warmThroughputShape(stream) };
  },
});
