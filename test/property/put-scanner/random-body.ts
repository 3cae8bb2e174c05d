import { SeededRandom } from "../../support/seeded-random.ts";

export interface RandomPut {
  readonly name: "PutRecord" | "PutRecords";
  readonly body: Buffer;
}

/**
 * The body of a PutRecord or PutRecords: mostly ordinary ones in every guise that JSON allows, some that break a rule of
 * the operation, some that are not JSON. The same seed gives the same body.
 */
export function randomPut(seed: number): RandomPut {
  return new PutWriter(new SeededRandom(seed)).put();
}

class PutWriter {
  readonly #random: SeededRandom;
  /** In how many of 1,000 choices something strange is taken; 0 in most bodies, so that many are ordinary throughout. */
  readonly #strangeness: number;
  readonly #spacing: string;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#strangeness = this.#one(0, 0, 0, 5, 30, 200);
    this.#spacing = this.#one("", "", " ", "\n\t", "\r\n  ");
  }

  put(): RandomPut {
    const name = this.#random.next() < 0.3 ? "PutRecord" : "PutRecords";
    const members = this.#restMembers(name);
    if (name === "PutRecord") members.push(...this.#recordMembers());
    else members.push(['"Records"', this.#records()]);
    const text = `${this.#space()}${this.#object(members)}${this.#space()}`;
    return { name, body: this.#damaged(Buffer.from(text, "utf8")) };
  }

  #restMembers(name: RandomPut["name"]): [string, string][] {
    const members: [string, string][] = [];
    if (this.#random.next() < 0.9) members.push(['"StreamName"', this.#streamName()]);
    if (this.#random.next() < 0.2) members.push(['"StreamARN"', this.#streamArn()]);
    if (this.#random.next() < 0.1) members.push(['"DryRun"', this.#dryRun()]);
    if (name === "PutRecord" && this.#random.next() < 0.2) {
      members.push(['"SequenceNumberForOrdering"', this.#quoted(this.#digits(this.#random.integer(1, 60)))]);
    }
    if (this.#isStrange())
      members.push([this.#one('"StreamId"', '"__proto__"', '"Other"', '""'), this.#strangeValue()]);
    return members;
  }

  #records(): string {
    if (this.#isStrange()) return this.#strangeValue();
    const most = this.#random.next();
    const count = most < 0.02 ? this.#one(0, 499, 500, 501) : this.#random.integer(1, most < 0.2 ? 12 : 5);
    const records = Array.from({ length: count }, () =>
      this.#isStrange() ? this.#strangeValue() : this.#object(this.#recordMembers()),
    );
    return `[${this.#space()}${records.join(`${this.#space()},${this.#space()}`)}${this.#space()}]`;
  }

  #recordMembers(): [string, string][] {
    const members: [string, string][] = [];
    if (!this.#isStrange()) members.push(['"Data"', this.#data()]);
    if (this.#random.next() < 0.95) members.push(['"PartitionKey"', this.#partitionKey()]);
    if (this.#random.next() < 0.15) members.push(['"ExplicitHashKey"', this.#hashKey()]);
    if (this.#isStrange())
      members.push([this.#one('"data"', '"Other"', '"\\u0044ata"', '"Datas"'), this.#strangeValue()]);
    return members;
  }

  #object(members: [string, string][]): string {
    for (let last = members.length - 1; last > 0; last -= 1) {
      const other = this.#random.integer(0, last);
      [members[last], members[other]] = [members[other] as [string, string], members[last] as [string, string]];
    }
    const again = members[0];
    if (again !== undefined && this.#isStrange()) members.push([again[0], this.#one(again[1], this.#strangeValue())]);
    const texts = members.map(([name, value]) => `${this.#space()}${name}${this.#space()}:${this.#space()}${value}`);
    return `{${texts.join(`${this.#space()},`)}${this.#space()}}`;
  }

  #data(): string {
    if (this.#isStrange()) return this.#one(this.#strangeValue(), ...strangeBase64);
    const most = this.#random.next();
    const length = this.#random.integer(0, most < 0.9 ? 60 : most < 0.99 ? 400 : 5_000);
    let text = Buffer.from(Array.from({ length }, () => this.#random.integer(0, 255))).toString("base64");
    if (this.#isStrange()) text = this.#replaced(text, this.#one("-", "_", "=", " ", "\\n", "\\/", "é", "", "A"));
    return this.#quoted(text);
  }

  #partitionKey(): string {
    if (this.#isStrange()) return this.#one(this.#strangeValue(), '""', '"\\ud800"', '"a\\u0000"', '"\\"\\\\"');
    const most = this.#random.next();
    if (most < 0.03) {
      return this.#quoted(this.#one("a", "é", "\u20ac").repeat(this.#one(255, 256, 257)));
    }
    if (most < 0.05) return this.#quoted("\u{1f600}".repeat(this.#one(127, 128, 129)));
    const alphabet =
      most < 0.7 ? "abcdefgh-0123456789 /:." : "aé\u20ac\u{1f600}\u07ff\u0800\ud7ff\ue000\uffff\u{10ffff}\u007f\u2028";
    const letters = [...alphabet];
    const length = this.#random.integer(1, this.#random.next() < 0.8 ? 40 : 90);
    return this.#quoted(Array.from({ length }, () => letters[this.#random.integer(0, letters.length - 1)]).join(""));
  }

  #hashKey(): string {
    if (this.#isStrange()) return this.#one(this.#strangeValue(), '""', '"00"', '"-1"', '"1e3"', '"0x1"', '"\u0661"');
    return this.#quoted(
      this.#one(
        "0",
        this.#digits(this.#random.integer(1, 41)),
        "340282366920938463463374607431768211455",
        "340282366920938463463374607431768211456",
      ),
    );
  }

  #streamName(): string {
    if (this.#isStrange())
      return this.#one(this.#strangeValue(), '""', '"?"', '"\u00e9"', '"\\u0061"', `"${"a".repeat(129)}"`);
    return this.#one('"orders"', '"a.b-c_D9"', `"${"a".repeat(128)}"`);
  }

  #streamArn(): string {
    if (this.#isStrange()) return this.#strangeValue();
    return '"arn:aws:kinesis:us-east-1:000000000000:stream/orders"';
  }

  #dryRun(): string {
    return this.#isStrange()
      ? this.#one(this.#strangeValue(), '"TRUE"', '"no"', "tru", "truee")
      : this.#one("true", "false");
  }

  #strangeValue(): string {
    return this.#one(
      "null",
      "1",
      "-0.5e+7",
      "1e999",
      "12345678901234567890",
      "true",
      "[]",
      "{}",
      '""',
      '"\\u00e9"',
      "[null]",
      "nul",
      "01",
      "'a'",
    );
  }

  #quoted(text: string): string {
    return `"${text}"`;
  }

  #digits(count: number): string {
    return Array.from({ length: count }, () => this.#random.integer(0, 9)).join("");
  }

  #replaced(text: string, letter: string): string {
    const at = this.#random.integer(0, text.length);
    return text.slice(0, at) + letter + text.slice(at + 1);
  }

  #space(): string {
    if (this.#isStrange()) return this.#one("\u00a0", "\f", "\v", "\ufeff", "/**/", ",", ":");
    return this.#random.next() < 0.5 ? this.#spacing : "";
  }

  /** Most bodies stay as they are; of the others a byte is changed, or the end is cut off or doubled. */
  #damaged(body: Buffer): Buffer {
    const most = this.#random.next();
    if (most < 0.9) return body;
    const at = this.#random.integer(0, body.length - 1);
    if (most < 0.92) return body.subarray(0, at);
    if (most < 0.93) return Buffer.concat([body, body.subarray(at)]);
    const changed = Buffer.from(body);
    changed[at] = this.#one(0x00, 0x22, 0x5c, 0x2c, 0x7d, 0x80, 0xc0, 0xed, 0xf4, 0xff, this.#random.integer(0, 255));
    return changed;
  }

  #isStrange(): boolean {
    return this.#random.next() * 1_000 < this.#strangeness;
  }

  #one<Choice>(...choices: readonly Choice[]): Choice {
    return choices[this.#random.integer(0, choices.length - 1)] as Choice;
  }
}

const strangeBase64 = [
  '"A"',
  '"AA"',
  '"AAA"',
  '"="',
  '"===="',
  '"A==="',
  '"AB=="',
  '"AAB="',
  '"AA=A"',
  '"AAAA===="',
  '"A A="',
  '"AAA\\u0041"',
];
