import type { DocumentStore } from "../engine/document-store.ts";
import { gatewayDocumentPrefix } from "./shared-documents.ts";

/** A gateway that runs has written its document again within this time. */
const seenMs = 3_500;

export interface GatewayCounts {
  /** Gateways that run. */
  readonly aliveCount: number;
  /** Gateways that ended without removing their documents. */
  readonly goneCount: number;
}

/** Counts the gateways from outside, by whether their documents change. Takes some seconds if there is any. */
export async function countGateways(documents: Pick<DocumentStore, "list">): Promise<GatewayCounts> {
  const before = await revisions(documents);
  if (before.size === 0) return { aliveCount: 0, goneCount: 0 };
  await new Promise((resolve) => setTimeout(resolve, seenMs));
  const after = await revisions(documents);
  const aliveCount = [...after].filter(([key, revision]) => before.get(key) !== revision).length;
  return { aliveCount, goneCount: after.size - aliveCount };
}

/** By key. Documents of other kinds have a further slash in their keys. */
async function revisions(documents: Pick<DocumentStore, "list">): Promise<ReadonlyMap<string, bigint>> {
  const found = await documents.list(gatewayDocumentPrefix);
  const own = found.filter(({ key }) => !key.slice(gatewayDocumentPrefix.length).includes("/"));
  return new Map(own.map(({ key, revision }) => [key, revision]));
}
