/**
 * Frees the memory of a buffer at once, if it has its `ArrayBuffer` alone; the buffer must not be read afterwards. The next
 * allocation gets memory that is still in a processor's cache, which it would not if the garbage collector freed it later.
 */
export function freeBuffer({ buffer, byteOffset, length }: Buffer): void {
  const isAlone = byteOffset === 0 && buffer.byteLength === length;
  // Node 20 cannot.
  if (isAlone && buffer instanceof ArrayBuffer) buffer.transfer?.(0);
}
