import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  encodeSequenceNumber,
  endingSequenceNumber,
  parseSequenceNumber,
  positionOfSequenceNumber,
  recordSecond,
  SEQUENCE_NUMBER_STEP,
  SequenceNumberSeries,
  startingSequenceNumber,
} from "../../../../src/streams/positions/sequence-number.ts";
import { sequenceNumberAt } from "../../../support/sequence-number-at.ts";

const POSITION_MAX = 2n ** 63n - 1n;
const parts = fc.record({
  createSecond: fc.nat({ max: 16_025_174_999 }),
  shardIndex: fc.nat({ max: 2 ** 31 - 1 }),
  position: fc.bigInt({ min: 0n, max: POSITION_MAX }),
  second: fc.nat({ max: 2 ** 36 - 1 }),
});

test("numbers that AWS gave out decode to plausible parts", () => {
  const known = [
    ["49594189147623985939251953501666965394405037144469929986", 1553568712, 0, 195n, 1553568735],
    ["49617597701630398167833023939858857553876043563754586258", 1619173453, 9, 4954742321n, 1619177477],
    ["49670023483232461788730612813735157811693693431491592722", 1766101788, 33, 13773199148n, 1766140863],
    ["49674026002850188218576229259473476449429298564223254594", 1777319237, 3076, 21689507110n, 1777320018],
  ] as const;
  for (const [decimal, createSecond, shardIndex, position, second] of known) {
    const decoded = { createSecond, shardIndex, position, second };
    assert.deepEqual(parseSequenceNumber(decimal), { version: 2, ...decoded });
    assert.equal(encodeSequenceNumber(decoded).toString(), decimal);
  }
});

test("starting and ending numbers are those of AWS", () => {
  const starting = [0, 1, 2].map((index) => startingSequenceNumber({ index, createSecond: 1600000000 }));
  assert.deepEqual(starting, [
    "49610756384790827419890419256589692040303913337075269634",
    "49610756384813128165088949879731227758576561698581250066",
    "49610756384835428910287480502872763476849210060087230498",
  ]);
  assert.equal(
    endingSequenceNumber({ index: 0, createSecond: 1600000000 }, 1600000100),
    "49610756384801977792489684568159250973620629760601227266",
  );
});

test("a number survives parsing and its order is log order first", () => {
  fc.assert(
    fc.property(parts, fc.nat(), (given, otherSecond) => {
      const number = encodeSequenceNumber(given);
      assert.equal(number.toString().length, 56);
      assert.deepEqual(parseSequenceNumber(number.toString()), { version: 2, ...given });
      assert.equal(positionOfSequenceNumber(number), given.position);
      if (given.position < POSITION_MAX) {
        assert.ok(encodeSequenceNumber({ ...given, position: given.position + 1n, second: otherSecond }) > number);
      }
    }),
  );
});

test("a negative shard index can be read, for the error that names it", () => {
  const parsed = parseSequenceNumber(
    encodeSequenceNumber({ createSecond: 0, shardIndex: -2147483648, position: 0n, second: 0 }).toString(),
  );
  assert.equal(parsed?.shardIndex, -2147483648);
});

test("versions 0 and 1 are recognised", () => {
  const v1 = BigInt(`0x2${"05f5e1000"}3${"00"}${"05f5e1001"}${"0".repeat(14)}07${"00000003"}1`);
  assert.deepEqual(parseSequenceNumber(v1.toString()), {
    version: 1,
    createSecond: 1_600_000_000,
    shardIndex: 3,
    second: 1_600_000_001,
  });
  const v0 = BigInt(`0x1${"05f5e1000"}00${"0".repeat(16)}0003`);
  assert.deepEqual(parseSequenceNumber(v0.toString()), { version: 0, createSecond: 1_600_000_000, shardIndex: 3 });
  assert.deepEqual(parseSequenceNumber("0"), { version: 0, createSecond: 0, shardIndex: 0 });
});

test("parseSequenceNumber() refuses what no version can mean", () => {
  const hex = (digits: string): string => BigInt(`0x${digits}`).toString();
  const refused: Readonly<Record<string, string>> = {
    "version 3": hex(`2${"0".repeat(45)}3`),
    "version 0 in the range of version 2": hex(`2${"0".repeat(46)}`),
    "leading digit 3": hex(`3${"0".repeat(45)}2`),
    "leading digit 1": hex(`1${"0".repeat(45)}2`),
    "top digit of the position over 7": hex(`2${"0".repeat(10)}8${"0".repeat(34)}2`),
    "create second 16025175000 in version 2": hex(`2${(16025175000).toString(16).padStart(9, "0")}${"0".repeat(36)}2`),
    "create second 16025175000 in version 0": hex(`1${(16025175000).toString(16).padStart(9, "0")}${"0".repeat(22)}`),
    "2^129": (2n ** 129n).toString(),
    "129 nines": "9".repeat(129),
    "no digits": "",
    "a sign": "-1",
  };
  for (const [why, decimal] of Object.entries(refused)) assert.equal(parseSequenceNumber(decimal), undefined, why);
});

test("a record's second never precedes its shard's create second", () => {
  const shard = { index: 5, createSecond: 1600000010 };
  assert.equal(recordSecond(1600000009_999, shard), 1600000010);
  assert.equal(recordSecond(1600000011_999, shard), 1600000011);
  const first = sequenceNumberAt(shard, { position: 1n, timeMs: 0 });
  assert.ok(first > BigInt(startingSequenceNumber(shard)));
  assert.equal(parseSequenceNumber(first.toString())?.shardIndex, 5);
});

test("SequenceNumberSeries counts as BigInt does, through every carry", () => {
  const firsts = [
    encodeSequenceNumber({ createSecond: 0, shardIndex: 0, position: 0n, second: 0 }),
    encodeSequenceNumber({ createSecond: 1777319237, shardIndex: 3076, position: 1n, second: 1777320018 }),
    encodeSequenceNumber({
      createSecond: 16_025_174_999,
      shardIndex: 2 ** 31 - 1,
      position: 2n ** 62n,
      second: 2 ** 36 - 1,
    }),
    // Just below a carry into the upper 28 digits, and into all 14 of the lowest limb.
    5n * 10n ** 55n - 3n * SEQUENCE_NUMBER_STEP,
    5n * 10n ** 55n - 1n,
  ];
  for (const first of firsts) {
    const series = new SequenceNumberSeries(first);
    for (let i = 0n; i < 9000n; i += 1n) assert.equal(series.next(), (first + i * SEQUENCE_NUMBER_STEP).toString());
  }
});
