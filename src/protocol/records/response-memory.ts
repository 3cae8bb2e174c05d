/** Below it Node's own allocation is as quick. */
const smallestBytes = 32 * 1024;
/** Room for the largest page of GetRecords, 10 MiB of data in base64. */
const largestBytes = 16 * 1024 * 1024;
const idleBytesMax = 32 * 1024 * 1024;

/** By size. */
const idle = new Map<number, Buffer[]>();
let idleBytes = 0;
/** What is being written or sent. What is never given back is collected as usual. */
const inUse = new WeakSet<ArrayBufferLike>();

/**
 * At least `bytes` for an answer, holding rubbish. It is used again and again, since first touching a fresh page costs more
 * than writing what goes into it. Sizes are powers of two; small and huge ones are not pooled.
 */
export function takeResponseMemory(bytes: number): Buffer {
  if (bytes < smallestBytes) return Buffer.allocUnsafe(bytes);
  if (bytes > largestBytes) return Buffer.allocUnsafeSlow(bytes);
  const size = 2 ** Math.ceil(Math.log2(bytes));
  let buffer = idle.get(size)?.pop();
  if (buffer === undefined) buffer = Buffer.allocUnsafeSlow(size);
  else idleBytes -= size;
  inUse.add(buffer.buffer);
  return buffer;
}

/** Whether it makes a difference to give it back. */
export function isResponseMemory({ buffer }: Uint8Array): boolean {
  return inUse.has(buffer);
}

/** For an answer that goes to several clients: giving it back then does nothing. */
export function leaveToCollector({ buffer }: Uint8Array): void {
  inUse.delete(buffer);
}

/** Of any answer, pooled or not, or a part of one: nobody, the socket included, reads it any more. */
export function releaseResponse({ buffer }: Uint8Array): void {
  if (!inUse.delete(buffer) || idleBytes + buffer.byteLength > idleBytesMax) return;
  idleBytes += buffer.byteLength;
  const sameSize = idle.get(buffer.byteLength);
  if (sameSize === undefined) idle.set(buffer.byteLength, [Buffer.from(buffer)]);
  else sameSize.push(Buffer.from(buffer));
}
