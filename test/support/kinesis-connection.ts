/** One keep-alive connection to the server under test; knows a refusal, which is an answer, from a call whose fate is unknown. */
import { Agent, request } from "node:http";

/** The server answered, and the answer was no. */
export class RefusedCall extends Error {
  override readonly name = "RefusedCall";
  readonly status: number;
  readonly type: string;

  constructor(operation: string, status: number, body: string) {
    super(`${operation} answered ${status}: ${body.slice(0, 300)}`);
    this.status = status;
    this.type = /"__type":"(?:[^"]*#)?(\w+)"/.exec(body)?.[1] ?? "";
  }
}

/** No answer came: the call may or may not have been carried out. */
export class LostCall extends Error {
  override readonly name = "LostCall";
}

/** Longer than any call of a client waits, in seconds that this process ran; a server that is still silent is stuck. */
const silentSecondsMax = 60;

export class KinesisConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;

  constructor(endpoint: string) {
    this.#port = Number(new URL(endpoint).port);
  }

  async call<T>(operation: string, input: object): Promise<T> {
    const { status, body } = await this.#send(operation, JSON.stringify(input));
    if (status !== 200) throw new RefusedCall(operation, status, body);
    return (body === "" ? {} : JSON.parse(body)) as T;
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(operation: string, input: string): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const lose = (error: Error) => reject(new LostCall(`${operation}: ${error.message}`));
      const outgoing = request({
        agent: this.#agent,
        host: "127.0.0.1",
        port: this.#port,
        method: "POST",
        headers: {
          "Content-Type": "application/x-amz-json-1.1",
          "Content-Length": Buffer.byteLength(input),
          "X-Amz-Target": `Kinesis_20131202.${operation}`,
          "X-Amz-Date": "20260101T000000Z",
          Authorization:
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/kinesis/aws4_request, " +
            `SignedHeaders=host;x-amz-date;x-amz-target, Signature=${"0".repeat(64)}`,
        },
      });
      let silentSeconds = 0;
      const waiting = setInterval(() => {
        silentSeconds += 1;
        if (silentSeconds < silentSecondsMax) return;
        // Not lost: nothing would ever tell a client of it.
        reject(new Error(`${operation} has had no answer for ${silentSecondsMax} s`));
        outgoing.destroy();
      }, 1_000);
      outgoing.once("close", () => clearInterval(waiting));
      outgoing.on("error", lose);
      outgoing.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", lose);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      });
      outgoing.end(input);
    });
  }
}
