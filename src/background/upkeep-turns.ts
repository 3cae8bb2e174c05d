import type { GatewayOwners } from "../gateways/gateway-owners.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import type { StreamRevision } from "../registry/stream-revision.ts";

/**
 * Turns at upkeep, each named by the id of the stream that it changes or by another text. They let one of the gateways that see
 * that it is due do it; another one goes on when that one is gone. They save work and no more: steps may be repeated, so
 * a gateway that was paused and goes on with its turn does no harm.
 */
export class UpkeepTurns {
  readonly #owners: GatewayOwners;
  readonly #registry: Pick<StreamRegistry, "catchUp" | "current" | "superseded">;

  constructor(owners: GatewayOwners, registry: Pick<StreamRegistry, "catchUp" | "current" | "superseded">) {
    this.#owners = owners;
    this.#registry = registry;
  }

  /** Whether it is this gateway's turn at some work. The gateway that has it ends it. */
  async take(work: string): Promise<boolean> {
    return (await this.#owners.claim(nameOf(work))).isOwn;
  }

  /** Resolves with true when it is this gateway's turn, with false when the stream changed meanwhile or the signal aborts. */
  async waitFor(revision: StreamRevision, signal: AbortSignal): Promise<boolean> {
    const { id } = revision.stream;
    while (!signal.aborted) {
      if (await this.take(id)) {
        // The gateway that had the turn before may have done it.
        await this.#registry.catchUp();
        return this.#registry.current(revision) === revision;
      }
      const stop = new AbortController();
      const either = AbortSignal.any([stop.signal, signal]);
      try {
        const changed = this.#owners.changed(nameOf(id), either).then(() => false);
        if (await Promise.race([this.#registry.superseded(revision, either), changed])) return false;
      } finally {
        stop.abort();
      }
    }
    return false;
  }

  /** Gives the turn back if this gateway has it. */
  async end(work: string): Promise<void> {
    // When it fails this gateway keeps the turn, and has it when the work is due again.
    await this.#owners.release(nameOf(work)).catch(() => undefined);
  }
}

function nameOf(work: string): string {
  return `upkeep/${work}`;
}
