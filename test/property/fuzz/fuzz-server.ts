import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { memoryReporting, reportedMemory } from "../../support/reported-memory.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { signRequest } from "../../support/signed-request.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { type FuzzConnection, type FuzzResponse, Http1Fuzz, Http2Fuzz } from "./fuzz-connections.ts";
import { account } from "./known-names.ts";
import { StoppedTime, waitedForCoreMs } from "./process-times.ts";
import { credential, type RandomRequest, RandomRequests } from "./random-request.ts";

export interface FuzzFigures {
  readonly requestCount: number;
  /** How many responses had each status; 0: none came. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Longest time of a response, without the time in which server or client had no core or the client was stopped. */
  readonly slowestMs: number;
  readonly memory: MemorySample;
  /** What a server must not do, each with the request that it did it for. */
  readonly faults: readonly string[];
}

/** Memory of the server when all streams are deleted and all garbage is collected. */
export interface MemorySample {
  /** Heap and buffers that are still reachable. */
  readonly retainedMiB: number;
  /** What the process has from the system. */
  readonly residentMiB: number;
}

const connectionCount = 8;
const faultsMax = 20;
/** Longest time of a response, in milliseconds. */
const responseMsMax = 1_000;
/** What a receive waits for records when it does not say how long (API model), in milliseconds. */
const receiveMsMax = 9_000;
/** With more header bytes than this a server may end the connection: HTTP/2 has no response for that. */
const answeredHeaderBytesMax = 16 * 1024;
const mebibyte = 1024 * 1024;
const deletionPollMs = 20;
const deletionPollsMax = 50;

const stopped = new StoppedTime();

/** A server of its own for random requests of one seed after another. */
export class FuzzedServer implements AsyncDisposable {
  readonly #directory: string;
  readonly #server: ServerProcess;

  private constructor(directory: string, server: ServerProcess) {
    this.#directory = directory;
    this.#server = server;
  }

  /** With `isVerified` the server verifies signatures. */
  static async start(isVerified: boolean): Promise<FuzzedServer> {
    const directory = mkdtempSync(join(tmpdir(), "millrace-fuzz-"));
    const credentials = join(directory, "keys.json");
    writeFileSync(credentials, JSON.stringify({ credentials: [credential] }), { mode: 0o600 });
    const fixed = ["--engine", "memory", "--memory-budget", "32MiB", "--log-level", "error", "--account", account];
    const args = isVerified ? [...fixed, "--credentials", credentials] : fixed;
    try {
      const server = await ServerProcess.start({ args, env: memoryReporting(join(directory, "memory.json")) });
      return new FuzzedServer(directory, server);
    } catch (error) {
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Sends requests over both HTTP versions at once, then deletes the streams. */
  async fuzz(seed: number, requestCount: number): Promise<FuzzFigures> {
    const figures = await new FuzzRun(this.#server, requestCount).run(new SeededRandom(seed));
    return { ...figures, memory: await this.#memory() };
  }

  async #memory(): Promise<MemorySample> {
    const report = await reportedMemory(this.#server.pid, join(this.#directory, "memory.json"));
    const { heapUsed, external, rss } = report;
    return { retainedMiB: (heapUsed + external) / mebibyte, residentMiB: rss / mebibyte };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** What is read of responses. */
interface Named {
  readonly __type?: string;
  readonly QueueSummaries?: readonly { readonly QueueARN: string }[];
  readonly StreamNames?: readonly string[];
}

class FuzzRun {
  readonly #server: ServerProcess;
  readonly #pid: number;
  readonly #requestCount: number;
  readonly #statuses = new Map<number, number>();
  readonly #faults: string[] = [];
  #sent = 0;
  #slowestMs = 0;

  constructor(server: ServerProcess, requestCount: number) {
    this.#server = server;
    this.#pid = server.pid;
    this.#requestCount = requestCount;
  }

  async run(random: SeededRandom): Promise<Omit<FuzzFigures, "memory">> {
    const requests = new RandomRequests(random.fork());
    const { port } = this.#server;
    const chunked = random.fork();
    const logLength = this.#server.stderr.length;
    const connections = Array.from({ length: connectionCount }, (_, index) =>
      index % 2 === 0 ? new Http1Fuzz(port, () => chunked.next() < 0.1) : new Http2Fuzz(port),
    );
    await Promise.all(connections.map((connection) => this.#sendAll(connection, requests)));
    for (const connection of connections) connection.close();
    await this.#deleteAll();
    const logged = this.#server.stderr.slice(logLength);
    if (logged !== "") this.#faults.push(`the log has errors: ${logged.slice(-2_000)}`);
    return {
      requestCount: this.#sent,
      statuses: this.#statuses,
      slowestMs: this.#slowestMs,
      faults: this.#faults,
    };
  }

  async #sendAll(connection: FuzzConnection, requests: RandomRequests): Promise<void> {
    let stoppedMs = stopped.sumMs;
    while (this.#sent < this.#requestCount && this.#faults.length < faultsMax) {
      // While the client was stopped the server may have closed connections that wait for a request.
      if (stopped.sumMs > stoppedMs) connection.close();
      stoppedMs = stopped.sumMs;
      this.#sent++;
      await this.#sendOne(connection, requests);
    }
  }

  async #sendOne(connection: FuzzConnection, requests: RandomRequests): Promise<void> {
    const stoppedMs = stopped.sumMs;
    const random = requests.next();
    const startedMs = performance.now() - this.#waitedMs();
    let response: FuzzResponse | undefined;
    try {
      response = await connection.send(random.request, random.operation === "SubscribeToShard");
    } catch (error) {
      this.#fault(random, error instanceof Error ? error.message : String(error));
      return;
    }
    this.#judge(random, response, performance.now() - this.#waitedMs() - startedMs);
    if (response === undefined && stopped.sumMs === stoppedMs && headerBytesOf(random) <= answeredHeaderBytesMax) {
      this.#fault(random, `no response: ${connection.history}`);
    }
    if (response?.status === 200) requests.names.learn(response.body);
  }

  /** On a busy machine server and client may have no core for a while, or be stopped, which is no fault of either. */
  #waitedMs(): number {
    return (waitedForCoreMs(this.#pid) ?? 0) + (waitedForCoreMs(process.pid) ?? 0) + stopped.sumMs;
  }

  #judge(random: RandomRequest, response: FuzzResponse | undefined, tookMs: number): void {
    const { status, body } = response ?? { status: 0, body: "" };
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    this.#slowestMs = Math.max(this.#slowestMs, tookMs);
    if (status >= 500 && !isOfService(random, body)) this.#fault(random, `${status} ${body.slice(0, 200)}`);
    const mayTakeMs = responseMsMax + (isReceive(random) ? receiveMsMax : 0);
    if (tookMs > mayTakeMs) this.#fault(random, `a response after ${tookMs.toFixed(0)} ms`);
    if (waitedForCoreMs(this.#pid) === undefined) this.#fault(random, `the process ended: ${this.#server.stderr}`);
  }

  /** So that only what the server keeps without need is left in its memory. What a policy protects stays. */
  async #deleteAll(): Promise<void> {
    const connection = new Http1Fuzz(this.#server.port, () => false);
    const call = async (operation: string, input: object) => {
      const target = `Kinesis_20131202.${operation}`;
      const response = await connection.send(signNow(JSON.stringify(input), target), false);
      return { status: response?.status, members: JSON.parse(response?.body || "{}") as Named };
    };
    const { QueueSummaries = [] } = (await call("ListQueues", {})).members;
    for (const { QueueARN } of QueueSummaries) await call("DeleteQueue", { QueueARN });
    const { StreamNames = [] } = (await call("ListStreams", {})).members;
    for (const StreamName of StreamNames) {
      const input = { StreamName, EnforceConsumerDeletion: true };
      // Refused while a queue of the stream is being deleted.
      for (let polls = 0; polls < deletionPollsMax; polls++) {
        const { status, members } = await call("DeleteStream", input);
        if (status === 200 || members.__type === "ResourceNotFoundException") break;
        await wait(deletionPollMs);
      }
    }
    connection.close();
  }

  #fault({ operation, request }: RandomRequest, what: string): void {
    const { url, headers, body } = request;
    const shown = `${operation} ${url.slice(0, 60)} ${headers["content-type"]} ${body.length} bytes, ${headerBytesOf({ operation, request })} of headers`;
    this.#faults.push(
      `${what}\n      request ${this.#sent}: ${shown} ${JSON.stringify(body.toString("latin1").slice(0, 400))}`,
    );
  }
}

/** These wait for records. */
function isReceive({ operation }: RandomRequest): boolean {
  return operation === "ReceiveQueueRecords" || operation === "ReceiveDeadLetterQueueRecords";
}

function signNow(body: string, target: string) {
  return signRequest(credential, body, { target, host: "127.0.0.1", nowMs: Date.now() });
}

/** JSON, and the printable characters of CBOR. */
const bodiesOfService = ['{"__type":"InternalFailure"}', "f__typeoInternalFailure"];

/**
 * The service itself responds with InternalFailure, without a message, to an iterator of a stream that was made again under
 * its name, and to a sequence number of version 0 (docs/compatibility.md). The server has no line for these in its log, as it
 * has for every failure of its own.
 */
function isOfService({ operation }: RandomRequest, body: string): boolean {
  const isReading = operation === "GetRecords" || operation === "GetShardIterator" || operation === "SubscribeToShard";
  return isReading && bodiesOfService.includes(body.replaceAll(/[^ -~]/g, ""));
}

function headerBytesOf({ request: { url, headers } }: RandomRequest): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, url.length);
}
