/** A map of text strings in CBOR: all that an error answer needs. */
export function cborTextMap(entries: Readonly<Record<string, string>>): Uint8Array {
  const texts = Object.entries(entries).flat();
  return Buffer.concat([head(0xa0, texts.length / 2), ...texts.map(text)]);
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([head(0x60, bytes.length), bytes]);
}

/** A major type with its count in the shortest form. */
function head(majorType: number, count: number): Uint8Array {
  if (count < 24) return Uint8Array.of(majorType | count);
  if (count < 0x100) return Uint8Array.of(majorType | 24, count);
  if (count < 0x1_0000) return Uint8Array.of(majorType | 25, count >> 8, count);
  return Uint8Array.of(majorType | 26, count >>> 24, count >> 16, count >> 8, count);
}
