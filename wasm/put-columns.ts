/** The columns of a put: records in rows, whose data and keys lie at the addresses that the columns hold. */
import { decimalWords } from "./decimal";
import { hashKey } from "./md5";

export const NO_PARTITION_KEY: u32 = 0xffff;

let dataStartColumn: usize = 0;
let dataBytesColumn: usize = 0;
let keyStartColumn: usize = 0;
let keyBytesColumn: usize = 0;
let hashKeyColumn: usize = 0;

export let rowCount: usize = 0;

/**
 * Columns have room for `capacity` records: 16 bytes each of hash key, then 4 of data's place, 4 of its length, 4 of the
 * key's place, 2 of its length.
 */
export function beginColumns(columns: usize, capacity: usize): void {
  hashKeyColumn = columns;
  dataStartColumn = columns + (capacity << 4);
  dataBytesColumn = dataStartColumn + (capacity << 2);
  keyStartColumn = dataBytesColumn + (capacity << 2);
  keyBytesColumn = keyStartColumn + (capacity << 2);
  rowCount = 0;
}

/** Key and explicit hash key are 0 where absent. False when the latter is no number below 2^128. */
export function addRow(
  data: usize,
  dataBytes: usize,
  key: usize,
  keyBytes: usize,
  explicitHashKey: usize,
  digits: usize,
): bool {
  const target = hashKeyColumn + (rowCount << 4);
  if (explicitHashKey !== 0) {
    if (!decimalWords(explicitHashKey, digits, target)) return false;
  } else if (key !== 0) {
    hashKey(key, keyBytes, target);
  } else {
    v128.store(target, i32x4.splat(0));
  }
  store<u32>(dataStartColumn + (rowCount << 2), <u32>data);
  store<u32>(dataBytesColumn + (rowCount << 2), <u32>dataBytes);
  store<u32>(keyStartColumn + (rowCount << 2), key !== 0 ? <u32>key : <u32>data);
  store<u16>(keyBytesColumn + (rowCount << 1), key !== 0 ? <u16>keyBytes : <u16>NO_PARTITION_KEY);
  rowCount += 1;
  return true;
}
