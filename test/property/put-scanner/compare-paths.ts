import assert from "node:assert/strict";
import { inputShapes } from "../../../src/model/constraints.generated.ts";
import { unparsableBody } from "../../../src/model/request-errors.ts";
import { ServiceError } from "../../../src/model/service-error.ts";
import { validate } from "../../../src/model/validate.ts";
import { cborCodec } from "../../../src/protocol/cbor/cbor-codec.ts";
import { parseCborBody } from "../../../src/protocol/cbor/parse-cbor-body.ts";
import type { Codec } from "../../../src/protocol/codec/codec.ts";
import { bindStructure } from "../../../src/protocol/json/json-bind.ts";
import { jsonCodec } from "../../../src/protocol/json/json-codec.ts";
import { ScannedPut } from "../../../src/protocol/records/parsed-put.ts";
import { columnsOfValidRecords } from "../../../src/protocol/records/put-columns.ts";
import { type IncomingRecords, NO_PARTITION_KEY } from "../../../src/records/incoming-records.ts";
import { WasmBodyMemory } from "../../../src/server/http/wasm-body-memory.ts";
import { type RandomPut, randomPut } from "./random-body.ts";
import { randomCborPut } from "./random-cbor-body.ts";

const memory = new WasmBodyMemory();

/** How often each way was taken. */
export interface Ways {
  scanned: number;
  general: number;
  refused: number;
}

/** As `comparePaths()`, for CBOR: what is scanned must come to what the general path makes of it. */
export function compareCborPaths(firstSeed: number, count: number): Ways {
  const ways: Ways = { scanned: 0, general: 0, refused: 0 };
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const put = randomCborPut(seed);
    const scanned = outcome(() => decodeThroughCodec(cborCodec, put, ways));
    const generally = outcome(() => decodeCborGenerally(put));
    if (scanned instanceof ServiceError) ways.refused += 1;
    assert.deepEqual(scanned, generally, `seed ${seed}: ${put.body.toString("hex")}`);
  }
  return ways;
}

/** Sends the bodies of `count` seeds through the scanner and the general path; throws where the two differ. */
export function comparePaths(firstSeed: number, count: number): Ways {
  const ways: Ways = { scanned: 0, general: 0, refused: 0 };
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const put = randomPut(seed);
    const throughCodec = outcome(() => decodeThroughCodec(jsonCodec, put, ways));
    const generally = outcome(() => decodeGenerally(put));
    if (throughCodec instanceof ServiceError) ways.refused += 1;
    assert.deepEqual(throughCodec, generally, `seed ${seed}: ${put.body.toString("latin1")}`);
  }
  return ways;
}

/** Every second body is where the WebAssembly module reads it without a copy, and must be unchanged afterwards. */
function decodeThroughCodec(codec: Codec, put: RandomPut, ways: Ways): object {
  const { body } = put;
  const lease = (ways.scanned + ways.general) % 2 === 0 ? memory.take(body.length) : undefined;
  if (lease === undefined) return decodeReceived(codec, put, ways);
  const { bytes } = lease;
  body.copy(bytes);
  try {
    return decodeReceived(codec, { ...put, body: bytes }, ways);
  } finally {
    assert.ok(bytes.equals(body), "a scanned body is only read");
    lease[Symbol.dispose]();
  }
}

function decodeReceived(codec: Codec, { name, body }: RandomPut, ways: Ways): object {
  using parsed = codec.parse(body, name);
  if (parsed instanceof ScannedPut) ways.scanned += 1;
  else ways.general += 1;
  return contentOf(parsed.bind());
}

function decodeCborGenerally({ name, body }: RandomPut): object {
  using parsed = parseCborBody(body, name);
  return contentOf(parsed.bind());
}

/** What the interface promises, by the plainest means: parse, bind, validate, and only then columns. */
function decodeGenerally({ name, body }: RandomPut): object {
  const bound = bindStructure(inputShapes[name], parseGenerally(body));
  if (name === "PutRecord") {
    validate(inputShapes.PutRecord, bound);
    const { Data, PartitionKey, ExplicitHashKey, ...rest } = bound;
    return contentOf({ ...rest, Record: columnsOfValidRecords([bound]).records });
  }
  validate(inputShapes.PutRecords, bound);
  return contentOf({ ...bound, Records: columnsOfValidRecords(bound.Records).records });
}

function parseGenerally(body: Buffer): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch {
    throw unparsableBody();
  }
  if (typeof parsed !== "object" || parsed === null) throw unparsableBody();
  return parsed;
}

/** An error compares by all that the caller would see of it. */
function outcome(decode: () => object): object {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return error;
  }
}

/** Columns as values that can be compared; their addresses differ between the two paths. */
function contentOf(input: object): object {
  const { Record, Records, ...rest } = input as {
    readonly Record?: IncomingRecords;
    readonly Records?: IncomingRecords;
  };
  const records = Records ?? Record;
  assert(records !== undefined);
  const bytes = Buffer.from(records.bytes.buffer, records.bytes.byteOffset, records.bytes.byteLength);
  const rows = Array.from({ length: records.count }, (_, i) => {
    const [dataStart = 0, keyStart = 0] = [records.dataStart[i], records.keyStart[i]];
    const [dataBytes = 0, keyBytes = 0] = [records.dataBytes[i], records.keyBytes[i]];
    const key = keyBytes === NO_PARTITION_KEY ? "none" : bytes.toString("hex", keyStart, keyStart + keyBytes);
    return [bytes.toString("hex", dataStart, dataStart + dataBytes), key, records.hashKeys.slice(i * 4, i * 4 + 4)];
  });
  return { ...rest, outOfRange: records.hashKeyOutOfRange, rows };
}
