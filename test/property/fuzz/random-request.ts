import type { Credential } from "../../../src/auth/credential.ts";
import { inputShapes } from "../../../src/model/constraints.generated.ts";
import { type OperationName, operationNames } from "../../../src/model/shapes.generated.ts";
import { anyFormOf } from "../../support/cbor-forms.ts";
import { jsonOf } from "../../support/json-form.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import { type SignedRequest, signRequest } from "../../support/signed-request.ts";
import { account, KnownNames } from "./known-names.ts";
import { RandomInput } from "./random-input.ts";

export const credential: Credential = { accessKeyId: "FUZZ", secretAccessKey: "fuzz-secret", account };

export interface RandomRequest {
  readonly operation: OperationName | undefined;
  readonly request: SignedRequest;
}

/** Operations that keep the run going are asked for more often. */
const frequent: readonly OperationName[] = [
  ...(["CreateStream", "CreateStream", "PutRecord", "PutRecords", "GetShardIterator", "GetRecords"] as const),
  ...(["CreateQueue", "ReceiveQueueRecords"] as const),
  ...(["ListShards", "ListStreams", "DescribeStream", "RegisterStreamConsumer"] as const),
];

const oddTargets = [
  "",
  ".",
  "Kinesis_20131202",
  "Kinesis_20131202.",
  "Kinesis_20131202.Nothing",
  "a.b.c",
  "x".repeat(9_000),
];
const contentTypes = [
  "",
  "application/json",
  "text/plain",
  "application/x-amz-json-1.1; charset=utf-8",
  "a/b",
  ";;;",
  "é",
];

/** Requests in the order of a seed: operations, members, headers, encodings and signatures, most of them nearly right. */
export class RandomRequests {
  readonly names: KnownNames;
  readonly #random: SeededRandom;
  readonly #inputs: RandomInput;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.names = new KnownNames(random.fork());
    this.#inputs = new RandomInput(random.fork(), this.names);
  }

  next(): RandomRequest {
    const names = this.#happens(0.4) ? frequent : operationNames;
    const operation = names[this.#random.integer(0, names.length - 1)] as OperationName;
    const isCbor = this.#happens(0.35);
    const input = this.#inputs.of(inputShapes[operation]);
    const body = this.#mutated(isCbor ? this.#cbor(input) : this.#json(input));
    const contentType = isCbor ? "application/x-amz-cbor-1.1" : "application/x-amz-json-1.1";
    const headers: Record<string, string> = {
      "content-type": this.#happens(0.98) ? contentType : this.#pick(contentTypes),
      ...(this.#happens(0.05) ? { "user-agent": "a*?".repeat(this.#random.integer(1, 3_000)) } : {}),
      ...(this.#happens(0.02) ? { "x-amz-odd": " \t".repeat(this.#random.integer(1, 3_000)) } : {}),
      ...(this.#happens(0.02) ? { origin: this.#pick(["http://127.0.0.1", "null", "x", "http://example.com"]) } : {}),
    };
    const target = this.#happens(0.98) ? `Kinesis_20131202.${operation}` : this.#pick(oddTargets);
    const url = this.#happens(0.97)
      ? "/"
      : this.#pick(["/health", "/metrics", "/?a=%", "/%zz/../..//", `/?${"&=".repeat(5_000)}`]);
    const signing = { target, url, host: "127.0.0.1", nowMs: Date.now(), headers };
    const request = signRequest(credential, body, signing);
    return { operation, request: this.#happens(0.9) ? request : this.#badlySigned(request) };
  }

  #json(input: object): Buffer {
    let text = jsonOf(input);
    if (this.#happens(0.05)) text = text.replaceAll(":", " \n:\t ");
    if (this.#happens(0.03))
      text = text.replace(/"(\w)/, (_, letter: string) => `"\\u00${letter.charCodeAt(0).toString(16)}`);
    if (this.#happens(0.02)) text = text.replace(/^\{("[^"]*":)/, "{$1null,$1");
    return Buffer.from(text);
  }

  #cbor(input: object): Buffer {
    return anyFormOf(input, () => this.#random.integer(0, 99));
  }

  /** As it was, most of the time; else with bytes changed, cut out, put in or repeated. */
  #mutated(body: Buffer): Buffer {
    if (this.#happens(0.9) || body.length === 0) return body;
    const at = this.#random.integer(0, body.length - 1);
    const [before, after] = [body.subarray(0, at), body.subarray(at)];
    switch (this.#random.integer(0, 4)) {
      case 0:
        return Buffer.concat([before, Buffer.of(this.#random.integer(0, 255)), after.subarray(1)]);
      case 1:
        return Buffer.from(before);
      case 2:
        return Buffer.concat([before, Buffer.from(after.subarray(this.#random.integer(1, 4)))]);
      case 3:
        return Buffer.concat([
          before,
          Buffer.alloc(this.#random.integer(1, 5_000), this.#random.integer(0, 255)),
          after,
        ]);
      default:
        return Buffer.concat([before, after, after]);
    }
  }

  #badlySigned(request: SignedRequest): SignedRequest {
    const { authorization = "", ...others } = request.headers;
    const headers = { ...request.headers };
    switch (this.#random.integer(0, 6)) {
      case 0:
        return { ...request, headers: others };
      case 1:
        headers["x-amz-date"] = this.#pick(["", "20260231T000000Z", "x".repeat(5_000), "20000101T000000Z"]);
        break;
      case 2:
        headers["authorization"] = authorization.slice(0, this.#random.integer(0, authorization.length));
        break;
      case 3:
        headers["authorization"] = authorization.replace(
          /SignedHeaders=/,
          `$&${"host;".repeat(this.#random.integer(1, 3_000))}`,
        );
        break;
      case 4:
        headers["authorization"] = authorization.replace(/[0-9a-f]{8}$/, "00000000");
        break;
      case 5:
        headers["authorization"] = `AWS4-HMAC-SHA256 ${this.#pick([",", " ", "Credential=/", "="]).repeat(2_000)}`;
        break;
      default:
        return {
          ...request,
          headers: others,
          url: `/?X-Amz-Algorithm=${"%41".repeat(this.#random.integer(1, 2_000))}`,
        };
    }
    return { ...request, headers };
  }

  #happens(probability: number): boolean {
    return this.#random.next() < probability;
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#random.integer(0, values.length - 1)] as Value;
  }
}
