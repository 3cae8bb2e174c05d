// Unsigned 64-bit integers below 2^53 as numbers, little-endian, without a BigInt each. Larger ones are read wrong, so the
// caller verifies a checksum first.

const word = 2 ** 32;

export function writeU64(target: Buffer, value: number, at: number): void {
  target.writeUInt32LE(value % word, at);
  target.writeUInt32LE(Math.floor(value / word), at + 4);
}

export function readU64(source: Buffer, at: number): number {
  return source.readUInt32LE(at) + source.readUInt32LE(at + 4) * word;
}

/** For loops over many fields: a DataView compiles to plain loads and stores, the methods of a Buffer do not. */
export function dataViewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % word, true);
  view.setUint32(at + 4, Math.floor(value / word), true);
}

export function u64At(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * word;
}
