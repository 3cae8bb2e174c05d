// Bytes as text that shows a change where it is: hex, with long runs of one byte written as their number.

const runBytesMin = 32;

export function textOfBytes(bytes: Buffer): string {
  const parts: string[] = [];
  let plainFrom = 0;
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (end < bytes.length && bytes[end] === bytes[at]) end += 1;
    if (end - at >= runBytesMin) {
      if (at > plainFrom) parts.push(bytes.toString("hex", plainFrom, at));
      parts.push(`${end - at}x${bytes.toString("hex", at, at + 1)}`);
      plainFrom = end;
    }
    at = end;
  }
  if (plainFrom < bytes.length) parts.push(bytes.toString("hex", plainFrom));
  return parts.join(" ");
}

export function bytesOfText(text: string): Buffer {
  const parts = text.split(" ").map((part) => {
    const [count = "", byte] = part.split("x");
    return byte === undefined ? Buffer.from(part, "hex") : Buffer.alloc(Number(count), Buffer.from(byte, "hex"));
  });
  return Buffer.concat(parts);
}
