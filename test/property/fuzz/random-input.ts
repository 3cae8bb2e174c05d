import type { Shape, StructureShape } from "../../../src/model/shape.ts";
import { Time } from "../../support/cbor-forms.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import { account, type KnownNames, region } from "./known-names.ts";

/** What most receives wait for records. */
const waitSeconds = 1;

/** Longest text of a repeated pattern, in characters. */
const repeatedCharactersMax = 100_000;

const repeatedUnits = [
  '"',
  " ",
  "\\",
  "a",
  "*",
  "?",
  "arn:aws:kinesis:",
  ":",
  "/",
  "0",
  "9",
  "é",
  "\u0000",
  "{}",
  "[",
  ",",
];

const oddValues: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 1.5, -0.5, 1e21, 1e308, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, Number.MIN_VALUE],
  ...["", " ", "0", "null", "\u0000", "\ud800", "😀", "__proto__", "constructor", "AAA=", "====", "-1", "1e9"],
  ...[[], [null], [[]], {}, { a: 1 }, { "": "" }, new Time(-1), new Time(8.64e15), new Time(8.64e15 + 1)],
];

/** Inputs that are mostly what the shape wants, and now and then something else. */
export class RandomInput {
  readonly #random: SeededRandom;
  readonly #names: KnownNames;
  /** The one that all members of an input name, most of the time. */
  #stream = "";

  constructor(random: SeededRandom, names: KnownNames) {
    this.#random = random;
    this.#names = names;
  }

  /** The input of an operation. */
  of(shape: StructureShape): Readonly<Record<string, unknown>> {
    this.#stream = this.#pick(this.#names.streams);
    return this.#structure(shape);
  }

  #structure(shape: StructureShape): Readonly<Record<string, unknown>> {
    const entries: [string, unknown][] = [];
    for (const { name, required, shape: member } of shape.members) {
      if (!this.#happens(required ? 0.99 : likelihoodOf(name))) continue;
      entries.push([name, this.#happens(0.03) ? this.#odd() : this.#value(name, member)]);
    }
    if (this.#happens(0.02)) entries.push([this.#pick(["Unknown", "__proto__", "constructor", "", "é"]), this.#odd()]);
    // Defined, because a name may be "__proto__".
    const input: Record<string, unknown> = {};
    for (const [name, value] of entries) Object.defineProperty(input, name, { value, enumerable: true });
    return input;
  }

  #value(name: string, shape: Shape): unknown {
    switch (shape.kind) {
      case "string":
        return shape.values === undefined ? this.#text(name, shape.max ?? 64) : this.#pick(shape.values);
      case "integer":
      case "long":
        return this.#number(name, shape);
      case "boolean":
        return this.#happens(0.5);
      case "blob":
        return Buffer.alloc(this.#random.integer(0, this.#happens(0.02) ? 20_000 : 40), this.#random.integer(0, 255));
      case "timestamp":
        return new Time(this.#pick([0, Date.now(), Date.now() - 1000, 1e12, 4e12]));
      case "list":
        return Array.from({ length: this.#random.integer(this.#happens(0.9) ? 1 : 0, 4) }, () =>
          this.#value(name, shape.item),
        );
      case "map":
        return Object.fromEntries(
          Array.from({ length: this.#random.integer(1, 3) }, (_, index) => [`k${index}`, this.#text(name, 16)]),
        );
      case "structure":
        return this.#structure(shape);
      case "eventStream":
        return null;
    }
  }

  #text(name: string, lengthMax: number): string {
    if (this.#happens(0.01)) return this.#repeated();
    const stream = this.#happens(0.97) ? this.#stream : this.#pick(this.#names.streams);
    const streamArn = `arn:aws:kinesis:${region}:${account}:stream/${stream}`;
    const queue = this.#pick(this.#names.queues);
    const queueArn = this.#names.learned("QueueARN") ?? `arn:aws:kinesis:${region}:${account}:queue/${queue}`;
    switch (name) {
      case "StreamName":
        return stream;
      case "StreamARN":
        return streamArn;
      case "ResourceARN":
        if (this.#happens(0.1)) return queueArn;
        return this.#happens(0.7) ? streamArn : (this.#names.learned("ConsumerARN") ?? streamArn);
      case "QueueName":
        return queue;
      case "QueueARN":
        return queueArn;
      case "ReceiptHandle":
        return this.#changed(this.#names.learned("ReceiptHandle") ?? "AAAA");
      case "ConsumerARN":
        return this.#names.learned("ConsumerARN") ?? `${streamArn}/consumer/app-0:1`;
      case "ConsumerName":
        return this.#pick(this.#names.consumers);
      case "ShardId":
      case "ShardToSplit":
      case "ShardToMerge":
      case "AdjacentShardToMerge":
      case "ExclusiveStartShardId":
        return this.#names.learned("ShardId") ?? `shardId-${String(this.#random.integer(0, 9)).padStart(12, "0")}`;
      case "ShardIterator":
        return this.#changed(this.#names.learned("ShardIterator") ?? "AAAA");
      case "NextToken":
        return this.#changed(this.#names.learned("NextToken") ?? "AAAA");
      case "StartingSequenceNumber":
      case "SequenceNumber":
      case "SequenceNumberForOrdering":
        return this.#names.learned("SequenceNumber") ?? "0";
      case "NewStartingHashKey":
      case "ExplicitHashKey":
        return this.#pick(["0", "1", "170141183460469231731687303715884105728", "9".repeat(39), String(2n ** 128n)]);
      case "KeyId":
        return this.#pick(["alias/aws/kinesis", "alias/own", "12345678-1234-1234-1234-123456789012"]);
      case "Policy":
        return this.#policy(streamArn);
      default:
        return "aZ0-_.".repeat(Math.ceil(lengthMax / 6)).slice(0, this.#random.integer(1, Math.min(lengthMax, 40)));
    }
  }

  #policy(resource: string): string {
    const Condition = this.#pick([
      undefined,
      { StringLike: { "aws:UserAgent": this.#pick(["*", "*a*b*", "?".repeat(300), "*a".repeat(500)]) } },
      { IpAddress: { "aws:SourceIp": this.#pick(["127.0.0.0/8", "::/0", "1.2.3.4/99", "x"]) } },
      { DateLessThan: { "aws:CurrentTime": this.#pick(["2100-01-01", "never", "9".repeat(12)]) } },
      this.#odd(),
    ]);
    const statement = {
      Effect: this.#pick(["Allow", "Allow", "Deny"]),
      Principal: this.#pick<unknown>(["*", { AWS: account }, { AWS: [account, "x"] }, this.#odd()]),
      Action: this.#pick<unknown>(["kinesis:*", "kinesis:Get*", ["kinesis:PutRecord"], this.#odd()]),
      Resource: resource,
      ...(Condition === undefined ? {} : { Condition }),
    };
    const text = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    // A policy that denies everything would end what the run can reach.
    return statement.Effect === "Deny" && this.#happens(0.95) ? text.replace("Deny", "Allow") : text;
  }

  #number(name: string, { min = -10, max = 1_000_000 }: { readonly min?: number; readonly max?: number }): number {
    // More shards than a few make the run long, not thorough.
    if (name.includes("ShardCount")) return this.#random.integer(this.#happens(0.05) ? -1 : 1, 6);
    if (name === "WaitTimeSeconds") return this.#pick([waitSeconds, waitSeconds, min - 1, max + 1]);
    const near = [min, max, min - 1, max + 1, this.#random.integer(min, Math.min(max, min + 1000))];
    return this.#happens(0.8) ? this.#random.integer(Math.max(1, min), Math.min(max, 1_000)) : this.#pick(near);
  }

  #odd(): unknown {
    const choice = this.#random.integer(0, 99);
    if (choice < 5) return this.#repeated();
    if (choice < 8) return JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`);
    if (choice < 10) return Array.from({ length: 2_000 }, () => "k");
    return this.#pick(oddValues);
  }

  #repeated(): string {
    const unit = this.#pick(repeatedUnits);
    const length = this.#happens(0.1) ? repeatedCharactersMax : this.#random.integer(1, 3_000);
    return this.#pick(["", "a", "arn:aws"]) + unit.repeat(Math.ceil(length / unit.length)) + this.#pick(["", "b"]);
  }

  #changed(text: string): string {
    if (this.#happens(0.8) || text === "") return text;
    const at = this.#random.integer(0, text.length - 1);
    return this.#pick([`"${text}"`, text.slice(0, at), `${text.slice(0, at)}A${text.slice(at + 1)}`, `${text}${text}`]);
  }

  #happens(probability: number): boolean {
    return this.#random.next() < probability;
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#random.integer(0, values.length - 1)] as Value;
  }
}

/** Members that name a stream are nearly always needed, though the shapes do not say so; most others change little. */
function likelihoodOf(name: string): number {
  if (name === "StreamName" || name === "ConsumerName" || name === "ConsumerARN") return 0.85;
  // Without it a receive waits for 9 s.
  if (name === "WaitTimeSeconds") return 0.99;
  if (name === "ShardCount" || name === "StreamARN") return 0.6;
  return name === "StreamId" ? 0.02 : 0.2;
}
