import type { OperationName } from "../model/shapes.generated.ts";
import type { StreamPlace } from "../model/stream-errors.ts";
import { parseConsumerArn, parseStreamArn } from "../streams/arn.ts";
import type { OperationContext } from "./operation-context.ts";

/** All members by which operations name a stream. */
interface NamingMembers {
  readonly StreamName?: unknown;
  readonly StreamARN?: unknown;
  readonly ConsumerARN?: unknown;
  readonly ResourceARN?: unknown;
}

/** Charges one call to its operation's rate, where limits are on. Errors: LimitExceededException. */
export function chargeCallRate(name: OperationName, input: object, { limits, caller }: OperationContext): void {
  limits?.chargeCallRate(name, caller, streamNamedIn(input, caller.account));
}

/** The stream that an input names, whether it exists or not; shard iterators are not read. */
export function streamNamedIn(input: NamingMembers, account: string): StreamPlace | undefined {
  if (typeof input.StreamName === "string") return { name: input.StreamName, account };
  for (const arn of [input.StreamARN, input.ResourceARN, input.ConsumerARN]) {
    if (typeof arn === "string") return parseStreamArn(arn) ?? parseConsumerArn(arn);
  }
  return undefined;
}
