import assert from "node:assert/strict";
import { test } from "node:test";
import { groupHeaderBytes, readGroupHeader } from "../../src/engine/embedded/format/commit-group.ts";
import { decodeFormatFile } from "../../src/engine/embedded/format/format-file.ts";
import { frameKind, frameKindAt, frameSpanAt } from "../../src/engine/embedded/format/frame.ts";
import { readWalHeader, walHeaderBytes } from "../../src/engine/embedded/format/wal-file.ts";
import { isZero } from "../../src/engine/embedded/io/is-zero.ts";
import { inspectDirectory } from "../../src/engine/embedded/offline/inspect-directory.ts";
import { closedDirectory, closedDirectoryOptions } from "./closed-directory.ts";
import { masterKey } from "./directory-keys.ts";

for (const [name, keys] of [
  ["plain", undefined],
  ["encrypted", masterKey("of the test")],
] as const) {
  test(`a closed directory, ${name}, has every kind of file and frame, and of each structure at least one`, async () => {
    const disk = await closedDirectory({ ...closedDirectoryOptions, keys });
    const keyFiles = keys === undefined ? [] : ["/data/directory.key"];
    assert.deepEqual(
      disk.paths().map((path) => path.replace(/\d+/, "N")),
      [
        ...["/data/catalog/N.snapshot", "/data/catalog/N.snapshot", ...keyFiles, "/data/format", "/data/newest-wal"],
        ...["/data/segments/N.segment", "/data/segments/N.segment", "/data/segments/manifest"],
        ...["/data/wal/N.wal", "/data/wal/N.wal"],
      ],
    );
    const found = JSON.parse(JSON.stringify(await inspectDirectory(disk, "/data", keys)));
    assert.deepEqual(found.findings, []);
    assert.equal(found.wal.cleanlyClosed, true);
    assert.deepEqual(found.manifest.starts, { 2: 2 });
    assert.deepEqual(found.segments.map(({ isShared }: { isShared: boolean }) => isShared).sort(), [false, true]);
    const [, b, c] = found.logs;
    assert.deepEqual([b.retentionMs, c.sealedBy], [2_000, "sealed by this"]);
    assert.equal(found.catalog.length, 1);

    const { identity } = decodeFormatFile(disk.bytesOf("/data/format"), "/data");
    const kinds = new Set<number>();
    const [recycled, whole] = found.wal.files.map(({ file, end }: { file: string; end: number }) => {
      const bytes = disk.bytesOf(`/data/${file}`);
      for (let groupAt = walHeaderBytes; groupAt < end; ) {
        const { length, used } = readGroupHeader(bytes, groupAt, identity) ?? assert.fail(`no group at ${groupAt}`);
        for (let at = groupAt + groupHeaderBytes; at < groupAt + used; at += frameSpanAt(bytes, at)) {
          kinds.add(frameKindAt(bytes, at));
        }
        groupAt += length;
      }
      return { bytes, end };
    });
    assert.deepEqual([...kinds].sort(), Object.values(frameKind).sort());
    const behind = readGroupHeader(recycled.bytes, recycled.end, identity);
    const { generation } = readWalHeader(recycled.bytes, identity) ?? assert.fail("the file has a header");
    assert((behind?.generation ?? generation) < generation, "a group of an earlier generation");
    assert(whole.bytes.length > whole.end && isZero(whole.bytes, whole.end, whole.bytes.length), "a hole");
  });
}
