import assert from "node:assert/strict";
import { test } from "node:test";
import { UpkeepTurns } from "../../../src/background/upkeep-turns.ts";
import type { Gateways } from "../../../src/gateways/open-gateways.ts";
import { StreamRevision } from "../../../src/registry/stream-revision.ts";
import { OpenedGateways } from "../gateways/opened-gateways.ts";
import { streamOf } from "../streams/stream-of.ts";

/** A registry with one stream. */
class OneStream {
  newest = new StreamRevision(streamOf(1), 1n);
  readonly #changed: (() => void)[] = [];

  current(): StreamRevision {
    return this.newest;
  }

  change(): void {
    this.newest = new StreamRevision(this.newest.stream, this.newest.revision + 1n);
    for (const wake of this.#changed.splice(0)) wake();
  }

  superseded(revision: StreamRevision, signal: AbortSignal): Promise<boolean> {
    if (revision !== this.newest) return Promise.resolve(true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#changed.push(() => resolve(true));
    signal.addEventListener("abort", () => resolve(false), { once: true });
    return promise;
  }

  async catchUp(): Promise<boolean> {
    return true;
  }
}

const { signal } = new AbortController();

function turnsOf({ owners }: Gateways, registry: OneStream): UpkeepTurns {
  return new UpkeepTurns(owners, registry);
}

test("one of two gateways gets the turn, and the other one when it is given back and the work is still due", async () => {
  await using gateways = new OpenedGateways();
  const registry = new OneStream();
  const { id } = registry.newest.stream;
  const [first, second] = [turnsOf(await gateways.open(), registry), turnsOf(await gateways.open(), registry)];
  assert.equal(await first.waitFor(registry.newest, signal), true);
  let answer: boolean | undefined;
  const waiting = second.waitFor(registry.newest, signal).then((isOwn) => {
    answer = isOwn;
  });
  await gateways.settle();
  assert.equal(answer, undefined);
  await first.end(id);
  await waiting;
  assert.equal(answer, true);
});

test("a gateway that waits for its turn stops when the work was done", async () => {
  await using gateways = new OpenedGateways();
  const registry = new OneStream();
  const { id } = registry.newest.stream;
  const [first, second] = [turnsOf(await gateways.open(), registry), turnsOf(await gateways.open(), registry)];
  assert.equal(await first.waitFor(registry.newest, signal), true);
  const done = registry.newest;
  const waiting = second.waitFor(done, signal);
  await gateways.settle();
  registry.change();
  assert.equal(await waiting, false);
  await first.end(id);
  await gateways.settle();
  assert.equal(await second.waitFor(done, signal), false, "it got the turn too late");
});

test("another gateway gets the turn of one that was killed amid its work", async () => {
  await using gateways = new OpenedGateways();
  const registry = new OneStream();
  await gateways.writeDead("dead");
  await gateways.store.compareAndSwap(`gateways/owners/upkeep/${registry.newest.stream.id}`, Buffer.from("dead"), 0n);
  const turns = turnsOf(await gateways.open(), registry);
  const waiting = turns.waitFor(registry.newest, signal);
  await gateways.pass(5_000);
  assert.equal(await waiting, true);
});

test("a wait for a turn ends with its signal, and what the wait has left behind is gone", async () => {
  await using gateways = new OpenedGateways();
  const registry = new OneStream();
  const [first, second] = [turnsOf(await gateways.open(), registry), turnsOf(await gateways.open(), registry)];
  assert.equal(await first.waitFor(registry.newest, signal), true);
  const closing = new AbortController();
  const waiting = second.waitFor(registry.newest, closing.signal);
  await gateways.settle();
  closing.abort();
  assert.equal(await waiting, false);
});
