import { ServiceError } from "../../model/service-error.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import { operations } from "../../operations/table.ts";
import type { StreamRegistry } from "../../registry/stream-registry.ts";

/** Errors of a gateway that does not know yet of a stream, shard or consumer that another one has made or changed. */
const refusalsOfStaleGateways: ReadonlySet<string> = new Set(["ResourceNotFoundException", "ResourceInUseException"]);

/**
 * Invokes an operation of a server that shares its engine: it sees every change that any gateway has reported as done before
 * the call. The control plane and subscriptions look for changes first. The rest of the data plane looks only before it
 * refuses a call, so that records cost nothing more. A refused call has done nothing, so it may be made again.
 */
export async function invokeAmongGateways<Output>(
  name: OperationName,
  registry: Pick<StreamRegistry, "catchUp">,
  invoke: () => Promise<Output>,
): Promise<Output> {
  if (operations[name].plane === "control" || name === "SubscribeToShard") {
    await registry.catchUp();
    return await invoke();
  }
  try {
    return await invoke();
  } catch (error) {
    if (!(error instanceof ServiceError && refusalsOfStaleGateways.has(error.type))) throw error;
    await registry.catchUp();
    return await invoke();
  }
}
