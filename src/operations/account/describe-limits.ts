import { operation } from "../operation.ts";

/** API reference, DescribeLimits and Quotas: on-demand streams of an account, and its channels. */
const onDemandStreamCountLimit = 50;
const channelCountLimit = 0;

/** Open shards are counted over provisioned streams, as the API reference says. */
export const describeLimits = operation({
  name: "DescribeLimits",
  plane: "control",
  async handle(_input, { directory, caller, serverShardCountMax }) {
    let openShardCount = 0;
    let onDemandStreamCount = 0;
    for (const { stream } of directory.inRegion(caller.account, caller.region)) {
      if (stream.mode === "ON_DEMAND") onDemandStreamCount += 1;
      else openShardCount += stream.shards.filter((shard) => shard.closed === undefined).length;
    }
    return {
      ShardLimit: serverShardCountMax,
      OpenShardCount: openShardCount,
      OnDemandStreamCount: onDemandStreamCount,
      OnDemandStreamCountLimit: onDemandStreamCountLimit,
      ChannelCount: 0,
      ChannelCountLimit: channelCountLimit,
    };
  },
});
