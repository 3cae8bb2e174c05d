import { decompress } from "fzstd";

/** What data was found in, from the outside in. */
export type Packing = "gzip" | "zstd";

/** Bytes that one record may unpack to; more is shown as it is, because a small record can hold a bomb. */
const unpackedBytesMax = 32 * 1024 * 1024;

/** The packing that the bytes begin like. */
export function packingOf(bytes: Uint8Array): Packing | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8) return "gzip";
  if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) return "zstd";
  return undefined;
}

/** Undefined when the bytes are damaged, or unpack to more than `unpackedBytesMax`. */
export async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
  packing: Packing,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return packing === "gzip" ? await gunzip(bytes) : unzstd(bytes);
  } catch {
    return undefined;
  }
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > unpackedBytesMax) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(value);
  }
  return joined(chunks, length);
}

function unzstd(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const size = frameContentBytes(bytes);
  if (size !== undefined && size > unpackedBytesMax) return undefined;
  const unpacked = decompress(bytes);
  return joined([unpacked], unpacked.length);
}

/** RFC 8878, "Frame_Content_Size": undefined where the frame does not say it. */
function frameContentBytes(bytes: Uint8Array): number | undefined {
  const descriptor = bytes[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  if (sizeBytes === 0) return undefined;
  const start = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  let size = 0;
  for (let i = sizeBytes - 1; i >= 0; i--) size = size * 256 + (bytes[start + i] ?? 0);
  return sizeBytes === 2 ? size + 256 : size;
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
