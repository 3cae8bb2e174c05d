import { randomUUID } from "node:crypto";
import type { DocumentStore } from "../engine/document-store.ts";
import type { Clock } from "../time/clock.ts";
import { GatewayCalls } from "./gateway-calls.ts";
import { GatewayDocuments } from "./gateway-documents.ts";
import { GatewayOwners } from "./gateway-owners.ts";
import { GatewayRegistry } from "./gateway-registry.ts";
import { SharedDocuments } from "./shared-documents.ts";
import { SharedLeases } from "./shared-leases.ts";

/** When the documents cannot be written, the other gateways see by themselves that this one is gone. */
const closingMsMax = 1_000;

export interface GatewaysOptions {
  /** The store of an engine that several servers may share. */
  readonly documents: DocumentStore;
  readonly clock: Clock;
  /** 32 bytes in the document store, which all gateways know. */
  readonly secret: Uint8Array;
  /** URL path of the requests that carry calls to this gateway and to others. */
  readonly callPath: string;
}

/** What makes several servers on one engine act as one. */
export interface Gateways {
  readonly registry: GatewayRegistry;
  readonly leases: SharedLeases;
  readonly owners: GatewayOwners;
  readonly calls: GatewayCalls;
  /** What each gateway stores at present, for the one that scales streams. */
  readonly rates: GatewayDocuments;
  /** Why this gateway does not see the other ones, as a clause for /health. */
  readonly fault: string | undefined;
  close(): Promise<void>;
}

/** Joins the gateways on a document store. Rejects as its calls do. */
export async function openGateways({ documents: store, clock, secret, callPath }: GatewaysOptions): Promise<Gateways> {
  const documents = new SharedDocuments(store, clock);
  const registry = new GatewayRegistry({ documents, clock, id: randomUUID() });
  const leases = new SharedLeases({ documents, registry, clock });
  const owners = new GatewayOwners(documents, registry);
  const rates = new GatewayDocuments(documents, registry, "rates/");
  const calls = new GatewayCalls({ registry, secret, path: callPath });
  try {
    await documents.open();
    await registry.open();
  } catch (error) {
    await documents.close();
    throw error;
  }
  leases.start();
  return {
    registry,
    leases,
    owners,
    calls,
    rates,
    get fault() {
      return documents.fault;
    },
    async close() {
      calls.close();
      const left = Promise.all([leases.close(), registry.close()]).then(() => undefined);
      const over = new AbortController();
      await Promise.race([left, clock.delay(closingMsMax, over.signal).catch(() => undefined)]);
      over.abort();
      await documents.close();
    },
  };
}
