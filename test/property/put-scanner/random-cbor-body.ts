import { anyFormOf } from "../../support/cbor-forms.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { type RandomPut, randomPut } from "./random-body.ts";

const ordinaryPut = { StreamName: "orders", Records: [{ Data: "AAEC", PartitionKey: "a" }] };

/**
 * What `randomPut()` says in JSON, in CBOR: mostly as encoders write it, with lengths of either kind; some in stranger forms;
 * some with a byte changed, or an end cut off. The same seed gives the same body.
 */
export function randomCborPut(seed: number): RandomPut {
  const random = new SeededRandom(seed);
  const { name, body } = randomPut(seed);
  const isStrange = random.next() < 0.1;
  // From 5 to 79 there are neither tags nor chunks, nor heads longer than need be.
  const draw = (): number => (isStrange ? random.integer(0, 99) : random.integer(5, 79));
  return { name, body: damaged(anyFormOf(withBytes(parsed(body)), draw), random) };
}

/** What is not JSON gives way to an ordinary put. */
function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return ordinaryPut;
  }
}

/** The same with every text of a member `Data` as the bytes that it stands for. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, entry]): [string, unknown] => {
    return [name, name === "Data" && typeof entry === "string" ? Buffer.from(entry, "base64") : withBytes(entry)];
  });
  return Object.fromEntries(entries);
}

function damaged(body: Buffer, random: SeededRandom): Buffer {
  const most = random.next();
  if (most < 0.8) return body;
  // Rather near the beginning, where heads and names are.
  const at = random.integer(0, random.next() < 0.5 ? Math.min(60, body.length - 1) : body.length - 1);
  if (most < 0.83) return body.subarray(0, at);
  if (most < 0.85) return Buffer.concat([body, body.subarray(at)]);
  const changed = Buffer.from(body);
  const bytes = [0x00, 0x18, 0x40, 0x5a, 0x60, 0x7f, 0x9f, 0xa0, 0xba, 0xbf, 0xc1, 0xf4, 0xf5, 0xf6, 0xff];
  changed[at] = random.next() < 0.5 ? random.integer(0, 255) : (bytes[random.integer(0, bytes.length - 1)] ?? 0);
  return changed;
}
