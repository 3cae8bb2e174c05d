import type { DirectGet } from "../api/direct-get.ts";
import type { ServerConnection } from "../api/server-connection.ts";
import { type TracedAnswer, tracedGet } from "../api/traced-get.ts";

/** Each request goes to one of the replicas by chance; so many find three of three in 99.9 % of all cases. */
const requestsMax = 20;
const failuresMax = 2;

/** The replicas of a stream, told apart by the servers that have them. */
export class EachReplica {
  readonly #connection: ServerConnection;
  readonly #traces: string;
  readonly #replicaCount: number;
  #requestCount = 0;

  /** `traces` begins subjects that nothing else uses; `run` is another one for each open engine. */
  constructor(
    connection: ServerConnection,
    { prefix, run, replicaCount }: { readonly prefix: string; readonly run: string; readonly replicaCount: number },
  ) {
    this.#connection = connection;
    this.#replicaCount = replicaCount;
    this.#traces = `${prefix}.trace.${run}`;
  }

  /** One answer of each replica that answers, until all `wanted` have; without it, until as many as there should be. */
  async *answers(
    get: DirectGet,
    wanted?: ReadonlySet<string>,
  ): AsyncGenerator<TracedAnswer & { readonly server: string }, undefined> {
    const seen = new Set<string>();
    const count = wanted?.size ?? this.#replicaCount;
    let failureCount = 0;
    for (let request = 0; request < requestsMax && seen.size < count; request++) {
      try {
        this.#requestCount += 1;
        const answer = await tracedGet(this.#connection, get, `${this.#traces}.${this.#requestCount}`);
        const { server } = answer;
        if (server === undefined || seen.has(server) || wanted?.has(server) === false) continue;
        seen.add(server);
        yield { ...answer, server };
      } catch {
        // The replica that was chosen is down; another one may be chosen next.
        failureCount += 1;
        if (failureCount > failuresMax) return;
      }
    }
  }
}
