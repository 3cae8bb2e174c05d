import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeLogMessage,
  encodeLogMessage,
  positionOf,
} from "../../../../../src/engine/jetstream/format/log-message.ts";

const link = { session: 7n, previousSequence: 2, previousMs: 1_000 };
const entries = [
  { count: 3, timeMs: 1_500, body: Buffer.from("one") },
  { count: 1, timeMs: 1_501, body: Buffer.from("two") },
];

test("entries come back with their positions, and the link to the message before", () => {
  assert.deepEqual(decodeLogMessage(encodeLogMessage(entries, link), 5, 1_600), {
    sequence: 5,
    link,
    isCopied: false,
    end: positionOf(5, 4),
    entries: [
      { ...entries[0], position: positionOf(5), storedMs: 1_600 },
      { ...entries[1], position: positionOf(5, 3), storedMs: 1_600 },
    ],
  });
});

test("copied entries come back with the positions and times that they had", () => {
  const copied = entries.map((entry, index) => ({
    ...entry,
    copied: { position: 2n ** 62n + BigInt(10 * index), storedMs: 1_550 + index },
  }));
  assert.deepEqual(decodeLogMessage(encodeLogMessage(copied, link), 5, 9_999), {
    sequence: 5,
    link,
    isCopied: true,
    end: 2n ** 62n + 11n,
    entries: copied.map(({ copied: kept, ...entry }) => ({ ...entry, ...kept })),
  });
});

// The NATS client gives a Buffer or a plain Uint8Array, by where the reads of its socket were cut.
test("a message that came in one read of the socket and one that came in two have equal entries", () => {
  const whole = Buffer.from(encodeLogMessage(entries, link));
  const joined = new Uint8Array(whole);
  assert.deepEqual(decodeLogMessage(joined, 5, 1_600), decodeLogMessage(whole, 5, 1_600));
});

test("a message of which a bit has changed is no message", () => {
  const bytes = encodeLogMessage(entries, link);
  bytes[bytes.length - 1] = 0;
  assert.equal(decodeLogMessage(bytes, 5, 1_600), undefined);
});

test("a message has no byte of what was in its memory before", (t) => {
  const copied = entries.map((entry) => ({ ...entry, copied: { position: 1n, storedMs: 2 } }));
  const [clean, dirty] = [0, 0xff].map((byte) => {
    const { mock } = t.mock.method(Buffer, "allocUnsafe", (size: number) => Buffer.alloc(size, byte));
    const messages = [entries, copied].map((some) => encodeLogMessage(some, link));
    mock.restore();
    return messages;
  });
  assert.deepEqual(dirty, clean);
});
