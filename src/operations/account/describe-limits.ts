import { awsLimits } from "../../limits/limits-table.ts";
import { shardCountMaxIn } from "../../limits/quotas.ts";
import { openShardCount } from "../../streams/resharding/open-shard-count.ts";
import { defineOperation } from "../operation.ts";

/** CreateChannel is always refused. */
const channelCountLimit = 0;

/** OpenShardCount covers provisioned streams only (API reference). */
export const describeLimits = defineOperation({
  name: "DescribeLimits",
  plane: "control",
  async handle(_input, { registry, caller, limits, serverShardCountMax }) {
    let openCount = 0;
    let onDemandStreamCount = 0;
    for (const { stream } of registry.inRegion(caller.account, caller.region)) {
      if (stream.mode === "ON_DEMAND") onDemandStreamCount += 1;
      else openCount += openShardCount(stream);
    }
    return {
      ShardLimit: limits === undefined ? serverShardCountMax : shardCountMaxIn(limits.table, caller.region),
      OpenShardCount: openCount,
      OnDemandStreamCount: onDemandStreamCount,
      OnDemandStreamCountLimit: (limits?.table ?? awsLimits).onDemandStreamCountMax,
      ChannelCount: 0,
      ChannelCountLimit: channelCountLimit,
    };
  },
});
