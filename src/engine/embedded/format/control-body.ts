/*
 * Bodies of control frames, the frames that are no entries, in the clear. Little-endian; docs/file-format.md section 4.
 *
 *   create log:       u32 shard index | stream id, UTF-8
 *   put document:     u32 bytes of the key | key, UTF-8 | value
 *   delete document:  u32 bytes of the key | key, UTF-8
 *   seal log:         operation id, UTF-8
 *   retention:        f64 ms
 *   drop log, clean close:  nothing
 */
const shardIndexOffset = 0;
const streamIdOffset = shardIndexOffset + 4;
const keyBytesOffset = 0;
const keyOffset = keyBytesOffset + 4;
const retentionOffset = 0;
const retentionBytes = retentionOffset + 8;

export function encodeCreateLog(shardIndex: number, streamId: string): Buffer {
  const body = Buffer.alloc(streamIdOffset + Buffer.byteLength(streamId));
  body.writeUInt32LE(shardIndex, shardIndexOffset);
  body.write(streamId, streamIdOffset);
  return body;
}

export function decodeCreateLog(body: Buffer): { readonly shardIndex: number; readonly streamId: string } {
  return { shardIndex: body.readUInt32LE(shardIndexOffset), streamId: body.toString("utf8", streamIdOffset) };
}

/** `value` is empty for a delete. */
export function encodeDocument(key: Uint8Array, value: Uint8Array): Buffer {
  const keyEnd = keyOffset + key.byteLength;
  const body = Buffer.alloc(keyEnd + value.byteLength);
  body.writeUInt32LE(key.byteLength, keyBytesOffset);
  body.set(key, keyOffset);
  body.set(value, keyEnd);
  return body;
}

/** `value` is a view of `body`. */
export function decodeDocument(body: Buffer): { readonly key: string; readonly value: Buffer } {
  const keyEnd = keyOffset + body.readUInt32LE(keyBytesOffset);
  return { key: body.toString("utf8", keyOffset, keyEnd), value: body.subarray(keyEnd) };
}

export function encodeRetention(retentionMs: number): Buffer {
  const body = Buffer.alloc(retentionBytes);
  body.writeDoubleLE(retentionMs, retentionOffset);
  return body;
}

export function decodeRetention(body: Buffer): number {
  return body.readDoubleLE(retentionOffset);
}
