import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ServerProcess } from "../../support/start-server.ts";
import { type FuzzConnection, type FuzzResponse, Http1Fuzz, Http2Fuzz } from "./fuzz-connections.ts";
import { account } from "./known-names.ts";
import { credential, type RandomRequest, RandomRequests } from "./random-request.ts";

export interface FuzzFigures {
  readonly requestCount: number;
  /** How many responses had each status; 0: none came. */
  readonly statuses: ReadonlyMap<number, number>;
  readonly slowestMs: number;
  /** Memory of the server after half of the requests, when caches and heap have their size, and after all. */
  readonly rssMiB: readonly [early: number, late: number];
  /** What a server must not do, each with the request that it did it for. */
  readonly faults: readonly string[];
}

export interface FuzzOptions {
  readonly seed: number;
  readonly requestCount: number;
  /** Whether the server verifies signatures. */
  readonly isVerified: boolean;
}

const connectionCount = 8;
const faultsMax = 20;
/** Longest time of a response, in milliseconds. */
const responseMsMax = 1_000;
/**
 * CPU time of the server, in milliseconds, within a late response that makes it the server's own fault: on a busy machine a
 * process may get none for a while. A response that takes this many times longer is a fault whatever the server did.
 */
const busyMsMin = 500;
const stuckFactor = 20;
/** With more header bytes than this a server may end the connection: HTTP/2 has no response for that. */
const answeredHeaderBytesMax = 16 * 1024;
const growthMiBMax = 192;
const tickMs = 10;

/** Sends random requests of a seed to a server of its own over both HTTP versions at once. */
export async function fuzzServer({ seed, requestCount, isVerified }: FuzzOptions): Promise<FuzzFigures> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-fuzz-"));
  const credentials = join(directory, "keys.json");
  writeFileSync(credentials, JSON.stringify({ credentials: [credential] }), { mode: 0o600 });
  const fixed = ["--engine", "memory", "--memory-budget", "32MiB", "--log-level", "error", "--account", account];
  const args = isVerified ? [...fixed, "--credentials", credentials] : fixed;
  try {
    await using server = await ServerProcess.start({ args });
    return await new FuzzRun(server, requestCount).run(new SeededRandom(seed));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Exchange {
  readonly response: FuzzResponse | undefined;
  readonly tookMs: number;
  /** CPU time of the server meanwhile. */
  readonly busyMs: number;
}

class FuzzRun {
  readonly #server: ServerProcess;
  readonly #pid: number;
  readonly #requestCount: number;
  readonly #statuses = new Map<number, number>();
  readonly #faults: string[] = [];
  #sent = 0;
  #slowestMs = 0;
  #earlyRssMiB = 0;

  constructor(server: ServerProcess, requestCount: number) {
    this.#server = server;
    this.#pid = server.pid;
    this.#requestCount = requestCount;
  }

  async run(random: SeededRandom): Promise<FuzzFigures> {
    const requests = new RandomRequests(random.fork());
    const { port } = this.#server;
    const chunked = random.fork();
    const connections = Array.from({ length: connectionCount }, (_, index) =>
      index % 2 === 0 ? new Http1Fuzz(port, () => chunked.next() < 0.1) : new Http2Fuzz(port),
    );
    await Promise.all(connections.map((connection) => this.#sendAll(connection, requests)));
    for (const connection of connections) connection.close();
    const lateRssMiB = rssMiBOf(this.#pid) ?? 0;
    if (lateRssMiB - this.#earlyRssMiB > growthMiBMax) {
      this.#faults.push(`memory grew from ${this.#earlyRssMiB.toFixed(0)} to ${lateRssMiB.toFixed(0)} MiB`);
    }
    if (this.#server.stderr !== "") this.#faults.push(`the log has errors: ${this.#server.stderr.slice(-2_000)}`);
    return {
      requestCount: this.#sent,
      statuses: this.#statuses,
      slowestMs: this.#slowestMs,
      rssMiB: [this.#earlyRssMiB, lateRssMiB],
      faults: this.#faults,
    };
  }

  async #sendAll(connection: FuzzConnection, requests: RandomRequests): Promise<void> {
    while (this.#sent < this.#requestCount && this.#faults.length < faultsMax) {
      this.#sent++;
      if (this.#sent === Math.ceil(this.#requestCount / 2)) this.#earlyRssMiB = rssMiBOf(this.#pid) ?? 0;
      await this.#sendOne(connection, requests);
    }
  }

  async #sendOne(connection: FuzzConnection, requests: RandomRequests): Promise<void> {
    const random = requests.next();
    const startedMs = performance.now();
    const busyBeforeMs = busyMsOf(this.#pid);
    let response: FuzzResponse | undefined;
    try {
      response = await connection.send(random.request, random.operation === "SubscribeToShard");
    } catch (error) {
      this.#fault(random, error instanceof Error ? error.message : String(error));
      return;
    }
    const tookMs = performance.now() - startedMs;
    this.#judge(random, { response, tookMs, busyMs: busyMsOf(this.#pid) - busyBeforeMs });
    if (response?.status === 200) requests.names.learn(response.body);
  }

  #judge(random: RandomRequest, { response, tookMs, busyMs }: Exchange): void {
    const { status, body } = response ?? { status: 0, body: "" };
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    this.#slowestMs = Math.max(this.#slowestMs, tookMs);
    if (status >= 500 && !isOfService(random, body)) this.#fault(random, `${status} ${body.slice(0, 200)}`);
    if (status === 0 && headerBytesOf(random) <= answeredHeaderBytesMax) this.#fault(random, "no response");
    if (rssMiBOf(this.#pid) === undefined) this.#fault(random, `the process ended: ${this.#server.stderr}`);
    if (tookMs > responseMsMax && (busyMs > busyMsMin || tookMs > stuckFactor * responseMsMax)) {
      this.#fault(random, `a response after ${tookMs.toFixed(0)} ms`);
    }
  }

  #fault({ operation, request }: RandomRequest, what: string): void {
    const { url, headers, body } = request;
    const shown = `${operation} ${url.slice(0, 60)} ${headers["content-type"]} ${body.length} bytes, ${headerBytesOf({ operation, request })} of headers`;
    this.#faults.push(
      `${what}\n      request ${this.#sent}: ${shown} ${JSON.stringify(body.toString("latin1").slice(0, 400))}`,
    );
  }
}

/**
 * The service itself responds with InternalFailure to an iterator of a stream that was made again under its name, and to a
 * sequence number of version 0. The server has no line for these in its log, as it has for every failure of its own.
 */
function isOfService({ operation }: RandomRequest, body: string): boolean {
  const isReading = operation === "GetRecords" || operation === "GetShardIterator" || operation === "SubscribeToShard";
  return isReading && body.includes("InternalFailure");
}

function headerBytesOf({ request: { url, headers } }: RandomRequest): number {
  return Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, url.length);
}

function rssMiBOf(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}

/** CPU time that the process has had, in milliseconds. */
function busyMsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return 0;
  }
}
