import type { RecordSlice } from "../../../src/records/outgoing-records.ts";
import { entryOf, type StoredRecord, sliceOf } from "../../support/outgoing-records.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { sequenceNumberAt } from "../../support/sequence-number-at.ts";

/** A slice, and its records as objects. */
export interface RandomSlice {
  readonly slice: RecordSlice;
  readonly records: readonly StoredRecord[];
}

const rubbishBytes = 512 * 1024;
const rubbish = randomBytes(new SeededRandom(1));
const shard = { index: 17, createSecond: 1_700_000_000 };

/** The slices of one page: mostly small ones, records of all lengths, keys of every sort. The same seed gives the same page. */
export function randomPage(seed: number): readonly RandomSlice[] {
  const random = new SeededRandom(seed);
  let position = BigInt(random.integer(1, 2_000_000_000)) * BigInt(random.integer(1, 2_000_000_000));
  let timeMs = 1_700_000_000_000 + random.integer(0, 1_000_000);
  return Array.from({ length: random.integer(1, 4) }, () => {
    const skip = random.integer(0, 2);
    const records = Array.from({ length: random.integer(1, 12) + skip }, () => randomRecord(random));
    const body = placedAnywhere(entryOf(records), random);
    const number = sequenceNumberAt(shard, { position, timeMs });
    const arrivalMs = random.next() < 0.9 ? timeMs : timeMs + random.next();
    const count = records.length - skip;
    // Half of the slices go on where the one before ended, within its second or not.
    position += BigInt(count) + BigInt(random.integer(0, 1));
    timeMs += random.integer(0, 1) * random.integer(0, 1_500);
    const slice = sliceOf(body, { skip, count, number, arrivalMs, kms: random.next() < 0.3 });
    return { slice, records: records.slice(skip) };
  });
}

function randomRecord(random: SeededRandom): StoredRecord {
  const most = random.next();
  const bytes = random.integer(0, most < 0.6 ? 50 : most < 0.95 ? 1_500 : most < 0.998 ? 40_000 : 300_000);
  const at = random.integer(0, rubbishBytes - bytes);
  const Data = rubbish.subarray(at, at + bytes);
  return random.next() < 0.1 ? { Data } : { Data, PartitionKey: randomKey(random) };
}

function randomKey(random: SeededRandom): string {
  const most = random.next();
  if (most < 0.03) return ['"', "\\", "\u0000", "é", "a", "\u20ac"][random.integer(0, 5)]?.repeat(256) ?? "";
  const alphabet = [...(most < 0.6 ? "abcdefgh-0123456789 /:." : most < 0.8 ? escaped : `${escaped}${beyondAscii}`)];
  const letter = (): string => alphabet[random.integer(0, alphabet.length - 1)] ?? "";
  return Array.from({ length: random.integer(1, random.next() < 0.8 ? 40 : 100) }, letter).join("");
}

const escaped = `abcdefghijklmnopq"\\\u007f${Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join("")}`;
const beyondAscii = "éß\u20ac\u{1f600}\u07ff\u0800\uffff\u{10ffff}\u2028\u2029";

/** Between other bytes, as entries are in a log. */
function placedAnywhere(entry: Uint8Array, random: SeededRandom): Uint8Array {
  const before = random.integer(0, 70);
  const all = Buffer.alloc(before + entry.length + random.integer(0, 70), 0xff);
  all.set(entry, before);
  return new Uint8Array(all.buffer, all.byteOffset + before, entry.length);
}

function randomBytes(random: SeededRandom): Buffer {
  return Buffer.from(Array.from({ length: rubbishBytes }, () => random.integer(0, 255)));
}
