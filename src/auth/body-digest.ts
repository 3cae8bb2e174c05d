import { hash } from "node:crypto";
import { Sha256Thread } from "./sha256-thread.ts";

/** Up to here a digest takes less of the main thread than handing it to another one would. */
const digestHereBytesMax = 16 * 1024;

/** One for the process. */
const thread = new Sha256Thread();

/**
 * SHA-256 of a request's body, in hexadecimal: of a small one at once, of a large one off the main thread, for which it must
 * stay as it is until the promise settles.
 */
export function bodySha256(body: Uint8Array): string | Promise<string> {
  return body.length <= digestHereBytesMax ? hash("sha256", body, "hex") : thread.digest(body);
}
