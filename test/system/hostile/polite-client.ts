// A client in a process of its own, so that the attack beside it does not slow down what it measures.
import { Agent, get } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Credential } from "../../../src/auth/credential.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { signRequest } from "../../support/signed-request.ts";

export interface PoliteClientOptions {
  readonly port: number;
  readonly credential: Credential;
  readonly streamName: string;
}

/** What a polite client saw. */
export interface PoliteFigures {
  /** Milliseconds of each request, in the order sent; a request without a response has waited until now. */
  readonly latenciesMs: readonly number[];
  /** Those of `GET /health`, over a connection that is kept and over new ones. */
  readonly healthLatenciesMs: readonly number[];
  readonly newConnectionLatenciesMs: readonly number[];
  /** Longest delay of the server's event loop, by its own metrics. */
  readonly serverLoopMsMax: number;
  /** Longest delay of the client's own event loop, which its latencies contain. */
  readonly ownLoopMsMax: number;
  /** Responses that were not 200, and connections that the server closed. */
  readonly failures: readonly string[];
}

const pauseMs = 50;
const healthPauseMs = 100;
const metricsPauseMs = 1_000;
const latencyMsMax = 20_000;
const loopResolutionMs = 10;

/** Calls again and again, pausing between two calls, and returns the latencies so far with the one that is going on. */
function measuring(call: (round: number) => Promise<void>, pauseMs: number): () => readonly number[] {
  const latenciesMs: number[] = [];
  let startedMs: number | undefined;
  const run = async (): Promise<void> => {
    for (let round = 0; ; round++) {
      startedMs = performance.now();
      await call(round);
      latenciesMs.push(performance.now() - startedMs);
      startedMs = undefined;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  void run();
  return () => (startedMs === undefined ? latenciesMs : [...latenciesMs, performance.now() - startedMs]);
}

function within<Value>(promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no response in ${latencyMsMax} ms`)), latencyMsMax);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Without an agent over a connection of its own. */
function textOf(port: number, path: string, agent: Agent | false = false): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1", path, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(text)).on("error", reject);
    }).on("error", reject);
  });
}

function run({ port, credential, streamName }: PoliteClientOptions): () => PoliteFigures {
  const failures: string[] = [];
  const failed = (what: string, error: unknown): void => {
    failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  };
  const place = { StreamName: streamName, ShardId: "shardId-000000000000", ShardIteratorType: "LATEST" };
  let ShardIterator: unknown;
  const calls: readonly (readonly [string, () => object])[] = [
    ["PutRecord", () => ({ StreamName: streamName, PartitionKey: "k", Data: "QQ==" })],
    ["DescribeStreamSummary", () => ({ StreamName: streamName })],
    ["PutRecords", () => ({ StreamName: streamName, Records: [{ PartitionKey: "k", Data: "QQ==" }] })],
    ["ListShards", () => ({ StreamName: streamName })],
    ["GetShardIterator", () => place],
    ["GetRecords", () => ({ ShardIterator })],
  ];
  let connection: RawConnection | undefined;
  const latenciesMs = measuring(async (round) => {
    const [operation, input] = calls[round % calls.length] ?? ["ListStreams", () => ({})];
    try {
      connection ??= await within(RawConnection.open(port));
      const signing = { target: `Kinesis_20131202.${operation}`, host: "127.0.0.1", nowMs: Date.now() };
      const request = signRequest(credential, JSON.stringify(input()), signing);
      const { status, type, json } = await within(connection.send(request));
      if (status !== 200) failed(operation, `${status} ${type}`);
      ShardIterator = json["ShardIterator"];
    } catch (error) {
      failed(operation, error);
      connection?.close();
      connection = undefined;
    }
  }, pauseMs);
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  const askHealth = (agent: Agent | false) => async (): Promise<void> => {
    await within(textOf(port, "/health", agent)).catch((error: unknown) => failed("health", error));
  };
  const healthLatenciesMs = measuring(askHealth(kept), healthPauseMs);
  const newConnectionLatenciesMs = measuring(askHealth(false), healthPauseMs);
  let serverLoopMsMax = 0;
  measuring(async () => {
    const text = await within(textOf(port, "/metrics")).catch(() => "");
    const seconds = Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1] ?? 0);
    serverLoopMsMax = Math.max(serverLoopMsMax, seconds * 1000);
  }, metricsPauseMs);
  const ownLoop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  ownLoop.enable();
  return () => ({
    latenciesMs: latenciesMs(),
    healthLatenciesMs: healthLatenciesMs(),
    newConnectionLatenciesMs: newConnectionLatenciesMs(),
    serverLoopMsMax,
    ownLoopMsMax: ownLoop.max / 1e6 - loopResolutionMs,
    failures,
  });
}

process.once("message", (options: PoliteClientOptions) => {
  const figures = run(options);
  setTimeout(() => process.send?.("begun"), metricsPauseMs);
  process.once("message", () => {
    process.send?.(figures(), () => process.exit(0));
  });
});
