import { internalFailure } from "../../model/request-errors.ts";
import { ServiceError } from "../../model/service-error.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import { operations } from "../../operations/table.ts";
import type { StreamRegistry } from "../../registry/stream-registry.ts";

/** Errors of a gateway that does not know yet of a stream, shard or consumer that another one has made or changed. */
const refusalsOfStaleGateways: ReadonlySet<string> = new Set(["ResourceNotFoundException", "ResourceInUseException"]);
/** What is known after this time is described, although there may be changes that are not known. */
const describedMsMax = 1_000;

/**
 * Invokes an operation of a server that shares its engine: it sees every change that any gateway has reported as done before
 * the call. The control plane and subscriptions look for changes first. The rest of the data plane looks only before it
 * refuses a call, so that records cost nothing more. A refused call has done nothing, so it may be made again. A gateway that
 * cannot learn of changes refuses nothing because of what it does not know: it fails instead, so that clients try again.
 */
export async function invokeAmongGateways<Output>(
  name: OperationName,
  registry: Pick<StreamRegistry, "catchUp">,
  invoke: () => Promise<Output>,
): Promise<Output> {
  const looksFirst = operations[name].plane === "control" || name === "SubscribeToShard";
  const isCurrent = looksFirst && (await registry.catchUp(describedMsMax));
  try {
    return await invoke();
  } catch (error) {
    if (isCurrent || !(error instanceof ServiceError && refusalsOfStaleGateways.has(error.type))) throw error;
    if (!(await registry.catchUp())) {
      throw internalFailure(
        "This gateway does not reach the servers that know of all changes. Nothing was done. It may be tried again.",
      );
    }
    return await invoke();
  }
}
