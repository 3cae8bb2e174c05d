// Every byte of segments and of the manifest, against files that only a change of the format's version may change.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { decodeFormatFile, encodeFormatFile, identityOf } from "../../src/engine/embedded/format/format-file.ts";
import { frameKind, wholeSlice, writeFrame } from "../../src/engine/embedded/format/frame.ts";
import { decodeManifest, encodeManifest } from "../../src/engine/embedded/format/manifest.ts";
import { contentLengthOf } from "../../src/engine/embedded/format/mirrored-file.ts";
import { segmentFileName } from "../../src/engine/embedded/format/segment-file.ts";
import { loadSegment } from "../../src/engine/embedded/segments/load-segment.ts";
import { builderMemoryBytes, SegmentBuilder } from "../../src/engine/embedded/segments/segment-builder.ts";
import { SimulatedDisk } from "../support/simulated-disk.ts";

const identity = identityOf(Buffer.from("an id of 16 byte"), Buffer.from("saltsalt"));
const goldenUrl = new URL("./segment-format.json", import.meta.url);
/** Set when the version has changed, to write down what the bytes are now. */
const writesGolden = process.env["MILLRACE_WRITE_GOLDEN"] !== undefined;
const golden: Record<string, string> = writesGolden ? {} : JSON.parse(readFileSync(goldenUrl, "utf8"));

/** Long runs of zeros are padding, and are written as their number. */
function assertGolden(name: string, bytes: Buffer): void {
  const hex = bytes.toString("hex").replace(/(?:00){32,}/g, (zeros) => ` ${zeros.length / 2}x00 `);
  if (writesGolden) {
    golden[name] = hex;
    writeFileSync(goldenUrl, `${JSON.stringify(golden, undefined, 2)}\n`);
  }
  assert.equal(hex, golden[name], `${name}; a change of these bytes is a new version of the format`);
}

const manifest = {
  number: 7,
  flushedThrough: 5,
  oldestGeneration: 4,
  nextSegmentId: 12,
  segments: [
    { id: 3, fileLength: 8192, isShared: true, check: 0xfedcba98, dataBytes: 4000 },
    { id: 11, fileLength: 2 ** 33, isShared: false, check: 1, dataBytes: 2 ** 33 - 8192 },
  ],
  starts: new Map([
    [2, 501],
    [9, 2 ** 40],
  ]),
};

test("the format file of version 2 is written as the document draws it, and read back", () => {
  const format = { identity, devClock: false, madeMs: 1_767_225_600_000, hasSegments: true } as const;
  const bytes = encodeFormatFile(format);
  assertGolden("format", bytes);
  assert.deepEqual(decodeFormatFile(bytes, "/data"), format);
});

test("a manifest is written as the document draws it, twice, and read back", () => {
  const bytes = encodeManifest(manifest, identity);
  assertGolden("manifest", bytes);
  for (const half of [bytes.subarray(0, 4096), bytes.subarray(4096)]) {
    assert.deepEqual(decodeManifest(half, identity), manifest);
  }
});

test("half a manifest with any flipped bit, or cut anywhere, is no manifest", () => {
  const half = encodeManifest(manifest, identity).subarray(0, 4096);
  const used = contentLengthOf(half);
  for (let bit = 0; bit < 8 * used + 64; bit++) {
    const flipped = Buffer.from(half);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(decodeManifest(flipped, identity), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < used; length++)
    assert.equal(decodeManifest(half.subarray(0, length), identity), undefined);
  assert.equal(decodeManifest(half, identityOf(Buffer.from("another id of 16"), identity.salt)), undefined);
});

test("a segment is written as the document draws it, and opened again", async () => {
  for (const isDirect of [true, false]) {
    const disk = new SimulatedDisk({ direct: isDirect });
    const memory = disk.allocate(builderMemoryBytes);
    const place = { disk, directory: "/data/segments", isDirect, identity, memory };
    const builder = await SegmentBuilder.create({ ...place, id: 3, isShared: true, madeMs: 1_767_225_600_000 });
    const frame = Buffer.alloc(256);
    for (const [logId, position, text] of [
      [1, 1, "first"],
      [1, 6, "second one"],
      [4, 77, "of another log"],
    ] as const) {
      const head = {
        kind: frameKind.entry,
        count: 5,
        logId,
        position,
        timeMs: 1.5,
        storedMs: 1_767_225_600_000 + position,
      };
      const end = writeFrame(frame, 0, head, wholeSlice(Buffer.from(text)), identity.seed);
      await builder.add(logId, frame, 0, end);
    }
    const { fileLength, check, dataBytes } = await builder.finish();
    const bytes = disk.bytesOf(`/data/segments/${segmentFileName(3)}`);
    assertGolden("segment", bytes);
    assert.deepEqual([fileLength, dataBytes], [bytes.length, 184]);
    const { rows, trailer } = await loadSegment(disk, "/data/segments", { id: 3, fileLength, check }, identity);
    assert.deepEqual(
      rows.map(({ logId, position, end, entryCount }) => [logId, position, end, entryCount]),
      [
        [1, 1, 11, 2],
        [4, 77, 82, 1],
      ],
    );
    assert.equal(trailer.isShared, true);
  }
});
