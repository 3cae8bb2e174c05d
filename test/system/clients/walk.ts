/**
 * Carries a client from operation to operation and keeps the account of what it has been answered. An operation, or a
 * member, that the client is too old to know is left out; `assertComplete` holds it to all that it does know.
 */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient, Members } from "./api-client.ts";

const statusPollMs = 10;
const statusPollsMax = 1_500;

export class Walk {
  readonly client: ApiClient;
  readonly #answered = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(client: ApiClient) {
    this.client = client;
  }

  knows(operation: string): boolean {
    return this.client.operations.has(operation);
  }

  /** A call that must succeed, and its output; undefined when the client does not know what is asked. */
  async ok(operation: string, input: Members): Promise<Members | undefined> {
    if (!this.knows(operation)) return undefined;
    const outcome = await this.client.call(operation, input);
    if (outcome.kind === "unknown") return undefined;
    const said = outcome.kind === "refused" ? `${outcome.type}: ${outcome.message}` : "";
    assert.equal(outcome.kind, "answered", `${operation} ${JSON.stringify(input)}: ${said}`);
    this.#answered.add(operation);
    return outcome.kind === "answered" ? outcome.output : undefined;
  }

  /** As `ok`, for what every client knows. */
  async expectOk(operation: string, input: Members): Promise<Members> {
    const output = await this.ok(operation, input);
    assert(output !== undefined, `${this.client.name} knows ${operation}`);
    return output;
  }

  /** As `ok`; then what `check` says of the output must hold. */
  async answered(operation: string, input: Members, check: (output: Members) => void): Promise<void> {
    const output = await this.ok(operation, input);
    if (output !== undefined) check(output);
  }

  /** A call that must be refused with this type and, where it is given, this text. */
  async refused(operation: string, input: Members, type: string, message?: RegExp): Promise<void> {
    if (!this.knows(operation)) return;
    const outcome = await this.client.call(operation, input);
    if (outcome.kind === "unknown") return;
    assert(outcome.kind === "refused", `${operation} ${JSON.stringify(input)} was not refused`);
    assert.equal(outcome.type, type, `${operation}: ${outcome.message}`);
    if (message !== undefined) assert.match(outcome.message, message);
    this.#refused.add(operation);
  }

  /** Calls until the operation's rate, which is one call a second, is exceeded. */
  async refusedByRate(operation: string): Promise<void> {
    if (!this.knows(operation)) return;
    for (let call = 0; call < 20; call++) {
      const outcome = await this.client.call(operation, {});
      if (outcome.kind !== "refused") continue;
      assert.equal(outcome.type, "LimitExceededException");
      assert.match(outcome.message, /^Rate exceeded/);
      this.#refused.add(operation);
      return;
    }
    assert.fail(`${operation} was not throttled`);
  }

  async subscribed(input: Members, expected: readonly string[]): Promise<void> {
    if (this.client.subscribe === undefined || !this.knows("SubscribeToShard")) return;
    assert.deepEqual(await this.client.subscribe(input, expected.length), expected);
    this.#answered.add("SubscribeToShard");
  }

  /** A change that leaves the stream UPDATING, followed until it is ACTIVE again. */
  async changed(operation: string, input: Members, streamName: string): Promise<Members | undefined> {
    const output = await this.ok(operation, input);
    if (output !== undefined) await this.untilActive(streamName);
    return output;
  }

  async untilActive(StreamName: string): Promise<void> {
    await this.until("DescribeStream", { StreamName }, (output) => {
      const { StreamStatus } = output["StreamDescription"] as { readonly StreamStatus: string };
      return StreamStatus === "ACTIVE";
    });
  }

  /** Calls, which must succeed, until the output is as wanted. */
  async until(operation: string, input: Members, isWanted: (output: Members) => boolean): Promise<void> {
    for (let poll = 0; poll < statusPollsMax; poll++) {
      if (isWanted(await this.expectOk(operation, input))) return;
      await delay(statusPollMs);
    }
    assert.fail(`${operation} ${JSON.stringify(input)} does not give what is wanted`);
  }

  /** Calls until that is refused, which must be with this type. */
  async untilRefused(operation: string, input: Members, type: string): Promise<void> {
    for (let poll = 0; poll < statusPollsMax; poll++) {
      const outcome = await this.client.call(operation, input);
      if (outcome.kind === "refused") {
        assert.equal(outcome.type, type);
        return;
      }
      await delay(statusPollMs);
    }
    assert.fail(`${operation} ${JSON.stringify(input)} is not refused`);
  }

  /** Every operation of `all` that the client knows has been answered and refused at least once, some only refused. */
  assertComplete(all: readonly string[], onlyRefused: readonly string[]): void {
    for (const operation of all.filter((name) => this.knows(name))) {
      if (!onlyRefused.includes(operation)) assert(this.#answered.has(operation), `${operation} was never answered`);
      assert(this.#refused.has(operation), `${operation} was never refused`);
    }
  }
}
