import assert from "node:assert/strict";
import { account, region } from "../../support/test-server.ts";
import type { ModelledServer } from "./modelled-server.ts";
import type { ModelStatus, StreamModel } from "./stream-model.ts";

export const notFound = "ResourceNotFoundException";
export const inUse = "ResourceInUseException";
export const invalid = "InvalidArgumentException";

/** Every operation that changes a stream, by what it answers in each state but ACTIVE. */
export const refusals: Readonly<
  Record<"change" | "annotate" | "put" | "read", Readonly<Partial<Record<ModelStatus, string>>>>
> = {
  change: { CREATING: inUse, UPDATING: inUse, DELETING: inUse },
  annotate: { CREATING: inUse, DELETING: inUse },
  put: { CREATING: notFound, DELETING: notFound },
  read: { CREATING: notFound },
};

/** Calls and holds the answer to the refusal expected, if any; the output is undefined when it was refused. */
export async function expect<Output>(
  subject: ModelledServer,
  operation: string,
  input: object,
  refusal: string | undefined,
): Promise<Output | undefined> {
  const answer = await subject.server.call<Output>(operation, input);
  const told = answer.ok ? "an answer" : `${answer.type}: ${answer.message}`;
  assert.equal(answer.ok ? undefined : answer.type, refusal, `${operation} ${JSON.stringify(input)} got ${told}`);
  return answer.ok ? answer.output : undefined;
}

export function refusalOf(model: StreamModel | undefined, kind: keyof typeof refusals): string | undefined {
  return model === undefined ? notFound : refusals[kind][model.status];
}

export function arnOf(name: string): string {
  return `arn:aws:kinesis:${region}:${account}:stream/${name}`;
}
