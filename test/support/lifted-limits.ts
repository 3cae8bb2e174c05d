import { awsLimits } from "../../src/limits/limits-table.ts";

/** A limits file without rates but those of the two operations that nothing else refuses. */
export function liftedLimits(): object {
  const lifted = Object.keys(awsLimits).map((name) => [name, null]);
  const calls = Object.keys(awsLimits.callsPerSecond).map((name) => [name, null]);
  const callsPerSecond = { ...Object.fromEntries(calls), DescribeLimits: 1, DescribeAccountSettings: 1 };
  return { ...Object.fromEntries(lifted), callsPerSecond, shardCountMaxByRegion: { other: null } };
}
