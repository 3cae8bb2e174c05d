// The composition root of the commands that work on a cluster without a gateway.
import type { NatsConfig } from "../config/config.ts";
import type { ClusterView } from "../engine/cluster-facts.ts";

/** Begins the names of everything that gateways keep on the servers. */
export const clusterPrefix = "millrace";

/** How the servers are reached, and as whom. */
export function clusterAddressOf({ urls, credentials, tls }: NatsConfig) {
  return { urls, ...(credentials === undefined ? {} : { credentials }), ...(tls === undefined ? {} : { tls }) };
}

/** Connects to a running cluster, to read it. Rejects with `EngineError` if no server can be reached. */
export async function openClusterView(nats: NatsConfig): Promise<ClusterView> {
  const { ClusterReader } = await import("../engine/jetstream/cluster-reader.ts");
  const { monitorUrls } = nats;
  return await ClusterReader.open({ address: clusterAddressOf(nats), prefix: clusterPrefix, monitorUrls });
}
