import assert from "node:assert/strict";
import { type FaultType, injectedFault } from "../../model/injected-fault.ts";
import type { ServiceError } from "../../model/service-error.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import type { OperationContext } from "../../operations/operation-context.ts";
import type { InputOf, OutputOf } from "../../records/operation-io.ts";
import type { FaultRule, RecordFaultType } from "./fault-rule.ts";
import { putWithFailures } from "./put-with-failures.ts";
import { addressOfCall, type FaultableCall, serviceErrorFor } from "./service-fault.ts";

/**
 * Injects faults by the rules of `/dev/faults` (`--dev`). The first matching rule that fires is applied: its delay, then its
 * error. A call that fails here has changed nothing.
 */
export class FaultInjector {
  readonly #random: () => number;
  #rules: FaultRule[] = [];

  /** `random`: from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The rules that may still fire, with what is left of their `times`. */
  get rules(): readonly FaultRule[] {
    return this.#rules;
  }

  replace(rules: readonly FaultRule[]): void {
    this.#rules = [...rules];
  }

  /** Calls the operation's handler, `next`, unless a rule has another end for the call. */
  async invoke(
    call: FaultableCall,
    next: (call: FaultableCall) => Promise<OutputOf<OperationName>>,
  ): Promise<OutputOf<OperationName>> {
    const { name, input, context } = call;
    const rule = this.#firingRule(call);
    if (rule?.delayMs !== undefined) await wait(rule.delayMs, context);
    if (rule?.error === undefined) return await next(call);
    if (rule.records === undefined) throw faultOf(rule.error, rule.message, call);

    assert(name === "PutRecords", "only rules of PutRecords have a share of records");
    const failing = { share: rule.records, code: rule.error as RecordFaultType, random: this.#random };
    return await putWithFailures(input as InputOf<"PutRecords">, context, failing);
  }

  /** The rule that fires for this call; removed when it has fired `times` times. */
  #firingRule({ name, input, context }: FaultableCall): FaultRule | undefined {
    for (const [index, rule] of this.#rules.entries()) {
      const { operation, stream, share = 1, times } = rule;
      if (operation !== name) continue;
      if (stream !== undefined && stream !== addressOfCall({ input, context })?.name) continue;
      if (this.#random() >= share) continue;
      if (times === 1) this.#rules.splice(index, 1);
      else if (times !== undefined) this.#rules[index] = { ...rule, times: times - 1 };
      return rule;
    }
    return undefined;
  }
}

function faultOf(type: FaultType, message: FaultRule["message"], call: FaultableCall): ServiceError {
  return (message === "service" ? serviceErrorFor(type, call) : undefined) ?? injectedFault(type);
}

/** Throws if the client disconnects while it waits, so that the call is not carried out. */
async function wait(ms: number, { clock, connection }: OperationContext): Promise<void> {
  await clock.delay(ms, connection.signal).catch(() => {
    throw injectedFault("InternalFailure");
  });
}
