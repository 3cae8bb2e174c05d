import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoredMessage } from "../../../../../src/engine/jetstream/api/direct-get.ts";
import { encodeLogEnd, encodeLogMessage } from "../../../../../src/engine/jetstream/format/log-message.ts";
import { LogPageBuilder, missingMessages, readLogMessages } from "../../../../../src/engine/jetstream/log/log-page.ts";

const nothingSeen: ReadonlySet<number> = new Set();

function records(sequence: number, previousSequence: number, session = 1n): StoredMessage {
  const link = { session, previousSequence, previousMs: 5_000 };
  const data = encodeLogMessage([{ count: 2, timeMs: 1, body: Buffer.from(`m${sequence}`) }], link);
  return { subject: "p.log.s.0.0.r", sequence, timeMs: 1_000, previousSequence: 0, id: "", data };
}

function end(sequence: number, lastSequence: number): StoredMessage {
  const data = encodeLogEnd({ lastSequence, lastMs: 9_000 });
  return { subject: "p.log.s.0.0.e", sequence, timeMs: 1_000, previousSequence: 0, id: "", data };
}

test("a skipped message is missed by the word of the next one of the same writer, and of no other", () => {
  const read = readLogMessages([records(10, 0), records(12, 0, 2n), records(15, 11), records(16, 12, 2n)]);
  assert.deepEqual(missingMessages(read, 1, nothingSeen), [{ sequence: 11, ms: 5_000 }]);
  assert.deepEqual(missingMessages(read, 1, new Set([11])), []);
  assert.deepEqual(missingMessages(read, 12, nothingSeen), [], "what lies before the read is not missed");
});

test("the last message before the end of a sealed log is missed too", () => {
  const read = readLogMessages([records(10, 0), end(20, 14)]);
  assert.deepEqual(read.end, { sequence: 20, lastSequence: 14, lastMs: 9_000 });
  assert.deepEqual(missingMessages(read, 1, nothingSeen), [{ sequence: 14, ms: 9_000 }]);
});

test("one flipped bit anywhere in a message is damage, and its records are not returned", () => {
  const whole = records(10, 0);
  for (let bit = 0; bit < whole.data.length * 8; bit++) {
    const data = Uint8Array.from(whole.data);
    data[bit >> 3] = (data[bit >> 3] as number) ^ (1 << (bit & 7));
    const read = readLogMessages([{ ...whole, data }]);
    assert.deepEqual([read.records.length, read.damaged], [0, [10]], `bit ${bit}`);
  }
});

test("messages behind the end of a log do not count", () => {
  const read = readLogMessages([records(10, 0), end(12, 10), records(13, 10)]);
  assert.deepEqual(
    read.records.map(({ sequence }) => sequence),
    [10],
  );
});

test("a page that is full in the middle of a message goes on with the rest of it", () => {
  const link = { session: 1n, previousSequence: 0, previousMs: 0 };
  const bodies = ["a", "b", "c"].map((body) => ({ count: 3, timeMs: 1, body: Buffer.from(body) }));
  const message: StoredMessage = { ...records(10, 0), data: encodeLogMessage(bodies, link) };
  const [decoded] = readLogMessages([message]).records;
  assert(decoded !== undefined);
  const builder = new LogPageBuilder(40_960n + 1n, { entriesMax: 100, bytesMax: 100, recordsMax: 3 });
  builder.add(decoded);
  const { entries, cut } = builder.page();
  assert.deepEqual(
    entries.map(({ position }) => position),
    [40_960n, 40_963n],
  );
  assert.deepEqual(cut, { position: 40_966n, sequence: 10 });
});
