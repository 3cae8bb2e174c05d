interface EvenRecord {
  readonly Data: string;
  readonly PartitionKey: string;
  readonly ExplicitHashKey: string;
}

/**
 * `count` entries for PutRecords with the texts of the numbers from `first` on, that fall evenly over the lowest `width` of
 * the hash keys however many there are: multiples of the golden ratio do.
 */
export function evenRecords(first: number, count: number, width = 1): readonly EvenRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const number = first + i;
    const part = ((number * 0.618_033_988_749_895) % 1) * width;
    const ExplicitHashKey = (BigInt(Math.floor(part * 2 ** 52)) << 76n).toString();
    return { Data: Buffer.from(`${number}`).toString("base64"), PartitionKey: "k", ExplicitHashKey };
  });
}
