import { ServiceError } from "../../model/service-error.ts";
import type { OperationName } from "../../model/shapes.generated.ts";
import { operations } from "../../operations/table.ts";
import type { StreamRegistry } from "../../registry/stream-registry.ts";

/** What a gateway answers that has not heard yet of a stream, shard or consumer that another one has made or changed. */
const refusalsOfLate: ReadonlySet<string> = new Set(["ResourceNotFoundException", "ResourceInUseException"]);

/**
 * Invokes an operation on a server that shares its engine so that it sees every change that a client was told of before it called, through whichever gateway.
 * The control plane and subscriptions look for changes first; the rest of the data plane only before it refuses a call, so
 * that what is stored and read costs nothing more. A refused call has done nothing, so it may be made again.
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
    if (!(error instanceof ServiceError && refusalsOfLate.has(error.type))) throw error;
    await registry.catchUp();
    return await invoke();
  }
}
