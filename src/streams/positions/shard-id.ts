const INDEX_MAX = 2_147_483_647;

/** `shardId-000000000007`. A negative index, possible only in a foreign sequence number, is printed as AWS does. */
export function formatShardId(index: number): string {
  if (index < 0) return `shardId--${(-index).toString().padStart(11, "0")}`;
  return `shardId-${index.toString().padStart(12, "0")}`;
}

/**
 * The index in a ShardId; undefined when it has none. AWS reads the text after the first dash, or all of it, so `shardId-0`,
 * `any-0` and `0` name the same shard.
 */
export function parseShardId(given: string): number | undefined {
  const digits = given.slice(given.indexOf("-") + 1);
  if (!/^[0-9]+$/.test(digits)) return undefined;
  const index = Number(digits);
  return index <= INDEX_MAX ? index : undefined;
}
