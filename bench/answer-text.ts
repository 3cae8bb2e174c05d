/**
 * What the load processes look up in answers without parsing them. Whatever the member order, a quote cannot occur inside
 * Data in JSON, and in CBOR the names do not come up by chance.
 */
import type { Wire } from "./wire.ts";

/** The text of a member, without decoding what is around it. */
export function textMember(body: Buffer, name: string, { codec }: Wire): string | undefined {
  if (codec === "json") return /^: *"([^"]+)"/.exec(textBehind(body, `"${name}"`, 1024))?.[1];
  const at = body.indexOf(name);
  const head = body[at + name.length] ?? 0;
  if (at < 0 || head >> 5 !== 3) return undefined;
  const start = at + name.length + 1;
  if (head === 0x78) return body.toString("latin1", start + 1, start + 1 + body.readUInt8(start));
  if (head === 0x79) return body.toString("latin1", start + 2, start + 2 + body.readUInt16BE(start));
  return body.toString("latin1", start, start + (head & 31));
}

/** Whether a page says that nothing waits behind it. */
export function isAtTip(body: Buffer, { codec }: Wire): boolean {
  const name = "MillisBehindLatest";
  if (codec === "json") return /^: *0[,}]/.test(textBehind(body, `"${name}"`, 16));
  const at = body.indexOf(name);
  return at >= 0 && body[at + name.length] === 0;
}

function textBehind(body: Buffer, needle: string, length: number): string {
  const at = body.indexOf(needle);
  const start = at + Buffer.byteLength(needle);
  return at < 0 ? "" : body.toString("latin1", start, Math.min(body.length, start + length));
}

export function countOf(body: Buffer, needle: string): number {
  let count = 0;
  for (let at = body.indexOf(needle); at >= 0; at = body.indexOf(needle, at + needle.length)) count++;
  return count;
}
