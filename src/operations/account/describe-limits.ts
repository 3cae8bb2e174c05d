import { limitMax } from "../../limits/limits-file.ts";
import { awsLimits } from "../../limits/limits-table.ts";
import { shardCountMaxIn } from "../../limits/quotas.ts";
import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import { defineOperation } from "../operation.ts";

/** A stream may have a channel into a bucket and one into a table (Developer Guide, delivery quotas). */
const destinationKindCount = 2;

/** OpenShardCount covers provisioned streams only (API reference). */
export const describeLimits = defineOperation({
  name: "DescribeLimits",
  plane: "control",
  async handle(_input, { registry, caller, limits, serverShardCountMax, channels }) {
    let openCount = 0;
    let onDemandStreamCount = 0;
    let channelCount = 0;
    for (const { stream } of registry.inRegion(caller.account, caller.region)) {
      channelCount += stream.channels?.length ?? 0;
      if (stream.mode === "ON_DEMAND") onDemandStreamCount += 1;
      else openCount += openShardCount(stream);
    }
    const { onDemandStreamCountMax, streamChannelCountMax } = limits?.table ?? awsLimits;
    const channelCountMax = Math.min(limitMax, onDemandStreamCountMax * streamChannelCountMax * destinationKindCount);
    return {
      ShardLimit: limits === undefined ? serverShardCountMax : shardCountMaxIn(limits.table, caller.region),
      OpenShardCount: openCount,
      OnDemandStreamCount: onDemandStreamCount,
      OnDemandStreamCountLimit: onDemandStreamCountMax,
      ChannelCount: channelCount,
      ChannelCountLimit: channels === undefined ? 0 : channelCountMax,
    };
  },
});
