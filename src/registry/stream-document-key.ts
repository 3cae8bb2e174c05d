/** Where a stream's document lives. Account, region and name hold no slash, so keys sort by name within a region. */
export function streamDocumentKey(account: string, region: string, name: string): string {
  return `${streamDocumentsPrefix}${account}/${region}/${name}`;
}

export const streamDocumentsPrefix = "streams/";
