import { gunzip } from "node:zlib";
import { CloudWatchError } from "./cloudwatch-error.ts";

/** API reference, PutMetricData: 1 MB of a request when it is not compressed. */
const plainBytesMax = 1_048_576;

/** SDKs compress large calls of PutMetricData. Errors: CloudWatchError for what cannot be decompressed or is too large. */
export async function decompressed(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === "identity") return body;
  if (encoding !== "gzip") throw new CloudWatchError("MalformedInput", "The only Content-Encoding here is gzip.");
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  gunzip(body, { maxOutputLength: plainBytesMax }, (error, plain) => {
    if (error === null) resolve(plain);
    else reject(new CloudWatchError("MalformedInput", "The body is not gzip, or more than 1 MB when decompressed."));
  });
  return await promise;
}
