import { EngineError } from "../engine/engine-error.ts";
import type { Ownership } from "../gateways/gateway-owners.ts";
import type { Gateways } from "../gateways/open-gateways.ts";

export type QueueGateways = Pick<Gateways, "registry" | "owners" | "calls">;

/** Names the calls that gateways pass on to the owner of a queue. */
export const callName = "queue";
const ownerPrefix = "queues/";
/** Logs that one owner can begin while it has a queue. Owners have numbers of their own, so no two of them share a log. */
const generationsPerOwner = 2 ** 20;

export function ownerNameOf(queueId: string): string {
  return ownerPrefix + queueId;
}

/** Undefined for the name of something else. */
export function queueOfOwnerName(name: string): string | undefined {
  return name.startsWith(ownerPrefix) ? name.slice(ownerPrefix.length) : undefined;
}

/** This gateway's right to serve one queue, for as long as no other gateway can have taken it over. */
export class QueueOwnership {
  readonly #gateways: QueueGateways;
  readonly #lapseCount: number;
  /** The first generation of state logs that belongs to this owner. */
  readonly generationMin: number;

  private constructor(gateways: QueueGateways, lapseCount: number, revision: bigint) {
    this.#gateways = gateways;
    this.#lapseCount = lapseCount;
    this.generationMin = Number(revision) * generationsPerOwner;
  }

  /** Rejects with `unavailable` if another gateway owns the queue, or may. */
  static async confirm(gateways: QueueGateways, queueId: string): Promise<QueueOwnership> {
    const { registry, owners } = gateways;
    const { lapseCount } = registry;
    const found: Ownership | undefined = await owners.confirm(ownerNameOf(queueId));
    if (found?.isOwn !== true) throw ownedElsewhere(found);
    const ownership = new QueueOwnership(gateways, lapseCount, found.revision);
    if (!ownership.isCertain) throw ownedElsewhere(undefined);
    return ownership;
  }

  /** Whether no other gateway can have taken the queue over. Once false, it has to be confirmed. */
  get isCertain(): boolean {
    const { registry } = this.#gateways;
    return registry.isSeen && registry.lapseCount === this.#lapseCount;
  }
}

export function ownedElsewhere(owner: Ownership | undefined): EngineError {
  const who = owner === undefined ? "No gateway" : `The gateway at ${owner.gateway.address ?? owner.gateway.id}`;
  return new EngineError("unavailable", `${who} owns the queue now. Nothing was done. It may be tried again.`);
}
