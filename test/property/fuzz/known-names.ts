import type { SeededRandom } from "../../support/seeded-random.ts";

export const account = "111122223333";
export const region = "us-east-1";

const tokenCountMax = 32;

/** Names and tokens that requests use: a few of each, so that most requests meet something that exists. */
export class KnownNames {
  readonly streams: readonly string[] = Array.from({ length: 6 }, (_, index) => `stream-${index}`);
  readonly consumers: readonly string[] = ["app-0", "app-1"];
  readonly queues: readonly string[] = ["queue-0", "queue-1", "queue-2"];
  readonly #learned = new Map<string, string[]>();
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Keeps the tokens of a response in JSON for later requests. */
  learn(body: string): void {
    for (const [, name = "", value = ""] of body.matchAll(
      /"(\w*(?:Token|Iterator|Number|ARN|Id|Handle))":"([^"]{1,1000})"/g,
    )) {
      const kind = name.replace(/^Next(?=ShardIterator)|^(?:Starting|Ending)/, "");
      const values = this.#learned.get(kind) ?? [];
      if (values.length < tokenCountMax) values.push(value);
      else values[this.#random.integer(0, tokenCountMax - 1)] = value;
      this.#learned.set(kind, values);
    }
  }

  /** One that a response held under this name. */
  learned(kind: string): string | undefined {
    const values = this.#learned.get(kind) ?? [];
    return values[this.#random.integer(0, Math.max(0, values.length - 1))];
  }
}
