// A client in a thread of its own, so that the attack beside it does not slow down what it measures.
import { parentPort, workerData } from "node:worker_threads";
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
  /** Responses that were not 200, and connections that the server closed. */
  readonly failures: readonly string[];
}

const pauseMs = 50;
const latencyMsMax = 20_000;

async function run({ port, credential, streamName }: PoliteClientOptions): Promise<void> {
  const latenciesMs: number[] = [];
  const failures: string[] = [];
  let isOver = false;
  let startedMs: number | undefined;
  parentPort?.on("message", () => {
    isOver = true;
    const waiting = startedMs === undefined ? [] : [performance.now() - startedMs];
    const figures: PoliteFigures = { latenciesMs: [...latenciesMs, ...waiting], failures };
    parentPort?.postMessage(figures);
    parentPort?.close();
    process.exit(0);
  });
  const calls: readonly (readonly [string, object])[] = [
    ["PutRecord", { StreamName: streamName, PartitionKey: "k", Data: "QQ==" }],
    ["DescribeStreamSummary", { StreamName: streamName }],
    ["PutRecords", { StreamName: streamName, Records: [{ PartitionKey: "k", Data: "QQ==" }] }],
    ["ListShards", { StreamName: streamName }],
  ];
  let connection: RawConnection | undefined;
  for (let round = 0; !isOver; round++) {
    const [operation, input] = calls[round % calls.length] ?? ["ListStreams", {}];
    startedMs = performance.now();
    try {
      connection ??= await within(RawConnection.open(port));
      const target = `Kinesis_20131202.${operation}`;
      const signing = { target, host: "127.0.0.1", nowMs: Date.now() };
      const { status, type } = await within(connection.send(signRequest(credential, JSON.stringify(input), signing)));
      if (status !== 200) failures.push(`${operation}: ${status} ${type}`);
    } catch (error) {
      failures.push(`${operation}: ${error instanceof Error ? error.message : String(error)}`);
      connection?.close();
      connection = undefined;
    }
    latenciesMs.push(performance.now() - startedMs);
    startedMs = undefined;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function within<Value>(promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no response in ${latencyMsMax} ms`)), latencyMsMax);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

await run(workerData as PoliteClientOptions);
