/** What is written to a shard or a stream: records with their data and partition keys. */
export interface WriteRate {
  readonly bytesPerSecond: number;
  readonly recordsPerSecond: number;
}

export const noWrites: WriteRate = { bytesPerSecond: 0, recordsPerSecond: 0 };

export function addedRates(one: WriteRate, other: WriteRate): WriteRate {
  return {
    bytesPerSecond: one.bytesPerSecond + other.bytesPerSecond,
    recordsPerSecond: one.recordsPerSecond + other.recordsPerSecond,
  };
}

/** The greater of both bytes and both records. */
export function greaterRates(one: WriteRate, other: WriteRate): WriteRate {
  return {
    bytesPerSecond: Math.max(one.bytesPerSecond, other.bytesPerSecond),
    recordsPerSecond: Math.max(one.recordsPerSecond, other.recordsPerSecond),
  };
}

/** How often `rate` fills `unit`, by bytes or by records, whichever is more. */
export function loadOf(rate: WriteRate, unit: WriteRate): number {
  return Math.max(rate.bytesPerSecond / unit.bytesPerSecond, rate.recordsPerSecond / unit.recordsPerSecond);
}

/**
 * What a shard takes before it is split, of what it may take. The Developer Guide says 500 KB/s of 1 MB/s, where MB is
 * 2^20 bytes as a rate, and leaves as much room as double the peak.
 */
export function splitRate(shardRate: WriteRate): WriteRate {
  return {
    bytesPerSecond: (shardRate.bytesPerSecond * 500_000) / 1024 ** 2,
    recordsPerSecond: shardRate.recordsPerSecond / 2,
  };
}
