/**
 * Frees bytes at once that nobody looks at any more, if they are alone in their memory: whoever asks next gets the same, which
 * is still in a processor's cache. Left to the collector, pieces of a thousand bodies wait for it, and each new one lies in
 * memory that is in no cache, or that the system has to find anew.
 */
export function freeBuffer({ buffer, byteOffset, length }: Buffer): void {
  const isAlone = byteOffset === 0 && buffer.byteLength === length;
  // Node 20 cannot.
  if (isAlone && buffer instanceof ArrayBuffer) buffer.transfer?.(0);
}
