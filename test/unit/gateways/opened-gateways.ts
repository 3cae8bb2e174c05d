import { setImmediate as nextTurn } from "node:timers/promises";
import { MemoryDocumentStore } from "../../../src/engine/memory/memory-document-store.ts";
import { type Gateways, openGateways } from "../../../src/gateways/open-gateways.ts";
import { SimulatedClock } from "../../support/simulated-clock.ts";

const secret = new Uint8Array(32).fill(7);
const callPath = "/gateway/call";

/** Gateways on one store of documents, whose time passes only when a test says so. */
export class OpenedGateways implements AsyncDisposable {
  readonly store = new MemoryDocumentStore();
  readonly clock = new SimulatedClock();
  readonly #opened: Gateways[] = [];

  constructor() {
    this.store.open();
  }

  async open(): Promise<Gateways> {
    const gateways = await openGateways({ documents: this.store, clock: this.clock, secret, callPath });
    this.#opened.push(gateways);
    await this.settle();
    return gateways;
  }

  /** One that no longer does anything, as after `kill -9`: its document stays and is never written again. */
  async writeDead(id: string): Promise<void> {
    await this.store.compareAndSwap(`gateways/${id}`, Buffer.from("{}"), 0n);
    await this.settle();
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      await this.clock.advance(100);
      await this.settle();
    }
  }

  /** Lets every watch tell what has changed. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map((gateways) => gateways.close()));
  }
}
