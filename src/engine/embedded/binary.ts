// Hot path.
/** Whole numbers of 8 bytes without a BigInt each. Values stay below 2^53, which `readU64` leaves to its caller to check. */

const word = 2 ** 32;

export function writeU64(target: Buffer, value: number, at: number): void {
  target.writeUInt32LE(value % word, at);
  target.writeUInt32LE(Math.floor(value / word), at + 4);
}

export function readU64(source: Buffer, at: number): number {
  return source.readUInt32LE(at) + source.readUInt32LE(at + 4) * word;
}
