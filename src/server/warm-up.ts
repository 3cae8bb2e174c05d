import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import type { LiveStream } from "../directory/live-stream.ts";
import { ShardTraffic } from "../shards/shard-traffic.ts";
import { formatShardId } from "../streams/shard-id.ts";
import type { RequestHandler } from "./exchange.ts";
import { type Pipeline, requestHandler } from "./handle-request.ts";

const answerMsMax = 1_000;
/** Of reads. V8 remembers what a function has seen from its eighth call on; ten take 20 ms and leave 3.1 of 4.2 ms. */
const rounds = 10;
const secretHeader = "x-millrace-rehearsal";

/** Where the main port is. */
interface Listening {
  readonly hosts: readonly string[];
  readonly port: number;
}

/**
 * Reads the oldest record of some stream through the main port, again and again, so that the first client does not wait for
 * what that has the process load and compile. Until it is over, whoever else comes waits. No limit is charged, no shard's
 * traffic counted; whoever listens to `requestFinished` hears of the reads, and should begin to after them. Whether there was a
 * record does not matter, and what is wrong with the stream is for those to hear who ask for it.
 */
export class Rehearsal {
  readonly #house: Pipeline["house"];
  readonly #secret = randomUUID();
  readonly #over = Promise.withResolvers<void>();
  #handle: RequestHandler;

  /** `pipeline` is for everybody else. */
  constructor(house: Pipeline["house"], pipeline: RequestHandler) {
    this.#house = house;
    this.#handle = async (request) => {
      await this.over;
      return pipeline(request);
    };
    void this.over.then(() => {
      this.#handle = pipeline;
    });
  }

  /** For the main port. */
  readonly handler: RequestHandler = (request) => this.#handle(request);

  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Resolves when it has been done, or cannot be: which one does not matter. */
  async readAt(main: Listening): Promise<void> {
    const live = firstOpen(this.#house.directory.all());
    if (live === undefined) return;
    this.#letIn(live);
    for (let round = 0; round < rounds; round++) if (!(await this.#readOnce(main, live))) return;
  }

  /** Lets everybody in. */
  end(): void {
    this.#over.resolve();
  }

  /** The reads themselves, which bear a secret. */
  #letIn({ stream: { account, region } }: LiveStream): void {
    const { limits: _, ...house } = this.#house;
    const rehearse = requestHandler({
      house: { ...house, shards: { ...house.shards, limits: undefined, traffic: new ShardTraffic() } },
      authentication: { account, region, allowAnonymous: true },
    });
    const others = this.#handle;
    this.#handle = (request) => (request.headers[secretHeader] === this.#secret ? rehearse : others)(request);
  }

  async #readOnce(main: Listening, { stream: { name: StreamName, shards } }: LiveStream): Promise<boolean> {
    const ShardId = formatShardId(shards[0]?.index ?? 0);
    const place = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" };
    const [, ShardIterator] = /"ShardIterator":"([^"]*)"/.exec(await this.#ask(main, "GetShardIterator", place)) ?? [];
    if (ShardIterator === undefined) return false;
    const page = await this.#ask(main, "GetRecords", { ShardIterator, Limit: 1 });
    return page.includes('"Records"');
  }

  #ask(main: Listening, operation: string, input: object): Promise<string> {
    const body = JSON.stringify(input);
    const head = [
      "POST / HTTP/1.1",
      "Host: localhost",
      "Content-Type: application/x-amz-json-1.1",
      `X-Amz-Target: Kinesis_20131202.${operation}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `${secretHeader}: ${this.#secret}`,
    ];
    return answerOf(main, head, body);
  }
}

/** One that has never been encrypted: its key may be at the other end of a network. */
function firstOpen(streams: Iterable<LiveStream>): LiveStream | undefined {
  for (const live of streams) if (live.stream.shards.length > 0 && live.stream.dataKeys === undefined) return live;
  return undefined;
}

/** Has the server answer a request for its health, for the same reason. Resolves when it has, or cannot: which one does not matter. */
export async function rehearseHealth(main: Listening): Promise<void> {
  await answerOf(main, ["GET /health HTTP/1.1", "Host: localhost"]);
}

/** All that comes back before the connection ends; nothing where there is none, or if it takes too long. */
function answerOf({ hosts, port }: Listening, head: readonly string[], body = ""): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: hosts[0] ?? "127.0.0.1", port, timeout: answerMsMax }).setEncoding("latin1");
    socket.on("connect", () => socket.write(`${head.join("\r\n")}\r\nConnection: close\r\n\r\n${body}`));
    socket.on("data", (piece) => {
      answer += piece;
    });
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}
