/** Where a stream's document lives. Account, region and name hold no slash, so keys sort by name within a region. */
export function streamKey(account: string, region: string, name: string): string {
  return `${STREAMS_PREFIX}${account}/${region}/${name}`;
}

export const STREAMS_PREFIX = "streams/";
