/**
 * What the load processes look up in answers without parsing them. Whatever the member order, a quote cannot occur inside
 * Data, so these needles are found only where they belong.
 */

export function countOf(body: Buffer, needle: string): number {
  let count = 0;
  for (let at = body.indexOf(needle); at >= 0; at = body.indexOf(needle, at + needle.length)) count++;
  return count;
}

/** Whether a page says that nothing waits behind it. */
export function tellsTip(body: Buffer): boolean {
  return /^"MillisBehindLatest": *0[,}]/.test(textAfter(body, '"MillisBehindLatest"', 40));
}

/** Where to read on behind a page. */
export function nextIteratorOf(body: Buffer): string | undefined {
  return /^"NextShardIterator": *"([^"]+)"/.exec(textAfter(body, '"NextShardIterator"', 1024))?.[1];
}

function textAfter(body: Buffer, needle: string, length: number): string {
  const at = body.indexOf(needle);
  return at < 0 ? "" : body.toString("latin1", at, Math.min(body.length, at + length));
}
