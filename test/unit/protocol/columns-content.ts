import { ServiceError } from "../../../src/model/service-error.ts";
import { type IncomingRecords, NO_PARTITION_KEY } from "../../../src/records/incoming-records.ts";

/** What the columns say, as values that can be compared. */
export function contentOf(records: IncomingRecords): object {
  const bytes = Buffer.from(records.bytes.buffer, records.bytes.byteOffset, records.bytes.byteLength);
  return {
    outOfRange: records.hashKeyOutOfRange,
    records: Array.from({ length: records.count }, (_, i) => {
      const [dataStart = 0, keyStart = 0, keyBytes = 0] = [
        records.dataStart[i],
        records.keyStart[i],
        records.keyBytes[i],
      ];
      return {
        data: bytes.toString("hex", dataStart, dataStart + (records.dataBytes[i] ?? 0)),
        key: keyBytes === NO_PARTITION_KEY ? undefined : bytes.toString("utf8", keyStart, keyStart + keyBytes),
        hashKey: [...records.hashKeys.subarray(i * 4, i * 4 + 4)]
          .map((word) => word.toString(16).padStart(8, "0"))
          .join(""),
      };
    }),
  };
}

/** What a decoder gives, or the error that it words. */
export function outcome(decode: () => object): object {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ServiceError) return { type: error.type, message: error.message };
    throw error;
  }
}
