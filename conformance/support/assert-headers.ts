import assert from "node:assert/strict";
import type { Received } from "./send.ts";

/** What every answer of the service carries, whatever it says. */
export function assertHeaders({ headers, bytes }: Received): void {
  assert.match(String(headers["x-amzn-requestid"]), /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  const extended = Buffer.from(String(headers["x-amz-id-2"]), "base64");
  assert.ok(extended.length >= 64 && extended.length <= 80, `x-amz-id-2 of ${extended.length} bytes`);
  assert.match(String(headers.date), /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  assert.equal(headers["content-length"], String(bytes.length));
}
