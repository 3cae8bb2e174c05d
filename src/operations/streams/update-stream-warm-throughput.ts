import { streamNotOnDemand } from "../../model/setting-errors.ts";
import { streamArn } from "../../streams/arn.ts";
import { changeStream } from "../change-stream.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { beginWarmUp } from "./warm-throughput.ts";
import { warmThroughputShape } from "./warm-throughput-shape.ts";

export const updateStreamWarmThroughput = operation({
  name: "UpdateStreamWarmThroughput",
  plane: "control",
  async handle(input, context) {
    const warmUp = await beginWarmUp(input.WarmThroughputMiBps, context);
    const { stream } = await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE"], input, context);
      if (live.stream.mode !== "ON_DEMAND") throw streamNotOnDemand(live.stream);
      return [live, warmUp(live.stream)];
    });
    return { StreamName: stream.name, StreamARN: streamArn(stream), WarmThroughput: warmThroughputShape(stream) };
  },
});
