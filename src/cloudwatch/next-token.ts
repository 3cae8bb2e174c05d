import { CloudWatchError } from "./cloudwatch-error.ts";

/** Continues a list behind so many of its items. */
export function encodeNextToken(skipped: number): string {
  return Buffer.from(`after ${skipped}`).toString("base64url");
}

/** Errors: InvalidNextToken. */
export function decodeNextToken(token: string): number {
  const [, skipped] = /^after (\d{1,15})$/.exec(Buffer.from(token, "base64url").toString("latin1")) ?? [];
  if (skipped === undefined) throw new CloudWatchError("InvalidNextToken", "The next token specified is invalid.");
  return Number(skipped);
}
