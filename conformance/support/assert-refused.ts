import assert from "node:assert/strict";
import { type CallOptions, refused } from "./call.ts";
import { assertSentence, type MessageId } from "./messages.ts";
import { account } from "./stream-fixture.ts";

/** Asserts that a call is refused with a known sentence; `A`, the account, is filled in. */
export async function assertSays(
  operation: string,
  input: object,
  id: MessageId,
  values: Parameters<typeof assertSentence>[2] = {},
  options?: CallOptions,
): Promise<void> {
  assertSentence(await refused(operation, input, options), id, { account: await account(), ...values });
}

/** Asserts that a call is refused as ResourceNotFoundException because there is no stream of that name. */
export async function assertStreamNotFound(operation: string, input: object, streamName: string): Promise<void> {
  await assertSays(operation, input, "stream-not-found", { stream: streamName });
}

/** Asserts the type alone, where the sentence of the service has not been seen. */
export async function assertRefusedAs(
  operation: string,
  input: object | string,
  type: string,
  options?: CallOptions,
): Promise<void> {
  const refusal = await refused(operation, input, options);
  assert.equal(refusal.type, type, refusal.message ?? "");
}
