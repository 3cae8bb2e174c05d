import { CommandError } from "../output/command-error.ts";

/** A record holds 10 MiB, which are 13.4 MiB in base64; a longer line is no record. */
const lineBytesMax = 64 * 1024 * 1024;

/** Lines of UTF-8 text without their ends, `\n` or `\r\n`; the last one may have none. */
export async function* readLines(input: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of input) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    const all: Buffer = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let start = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      yield lineOf(all.subarray(start, end));
      start = end + 1;
    }
    rest = all.subarray(start);
    if (rest.length > lineBytesMax)
      throw new CommandError(`a line of more than ${lineBytesMax / 2 ** 20} MiB is no record`);
  }
  if (rest.length > 0) yield lineOf(rest);
}

function lineOf(bytes: Buffer): string {
  return bytes.toString("utf8", 0, bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length);
}
