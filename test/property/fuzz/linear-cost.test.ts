import assert from "node:assert/strict";
import { test } from "node:test";
import type { Credential } from "../../../src/auth/credential.ts";
import { inputShapes } from "../../../src/model/constraints.generated.ts";
import type { Shape } from "../../../src/model/shape.ts";
import { operationNames } from "../../../src/model/shapes.generated.ts";
import { costOfSizes, growsFasterThanSize } from "../../support/growth-of-cost.ts";
import { jsonOf } from "../../support/json-form.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { type SignedRequest, signedMs, signRequest } from "../../support/signed-request.ts";
import { startVerified } from "../../support/verified-server.ts";
import { account, KnownNames } from "./known-names.ts";
import { RandomInput } from "./random-input.ts";

const owner: Credential = { accessKeyId: "OWNER", secretAccessKey: "owner", account };
const partner: Credential = {
  accessKeyId: "PARTNER",
  secretAccessKey: "partner",
  account: "222233334444",
  user: "pat",
};
const partnerPolicies = [{ Version: "2012-10-17", Statement: { Effect: "Allow", Action: "*", Resource: "*" } }];
const orders = `arn:aws:kinesis:us-east-1:${account}:stream/stream-0`;

/** What texts are made of: a beginning that a pattern may ask for, a unit again and again, an end that does not fit. */
const repeated: readonly (readonly [string, string])[] = [
  ...(['"', " ", "\\", "a", "*", "${", ",", "0", "-"] as const).map((unit) => ["", unit] as const),
  ...([":kinesis:", "123456789012:", "stream/"] as const).map((unit) => ["arn:aws:kinesis:", unit] as const),
];

function textOf([start, unit]: readonly [string, string], length: number): string {
  return `${start}${unit.repeat(length / unit.length)}!`;
}

async function open(): Promise<{
  readonly server: AsyncDisposable;
  readonly send: (request: SignedRequest) => Promise<unknown>;
}> {
  const server = await startVerified([owner, { ...partner, policies: partnerPolicies }]);
  let connection = await RawConnection.open(server.port);
  /** A refused request may end its connection: that is a response as well. */
  const send = async (request: SignedRequest): Promise<unknown> => {
    try {
      return await connection.send(request);
    } catch {
      connection.close();
      connection = await RawConnection.open(server.port);
      return undefined;
    }
  };
  await send(signRequest(owner, '{"StreamName":"stream-0","ShardCount":1}', { target: targetOf("CreateStream") }));
  const dispose = async (): Promise<void> => {
    connection.close();
    await server[Symbol.asyncDispose]();
  };
  return { server: { [Symbol.asyncDispose]: dispose }, send };
}

const targetOf = (operation: string): string => `Kinesis_20131202.${operation}`;

/** How to put a text into each string of a shape: given the text, the value that holds it. */
function* placesOf(shape: Shape, path: string): Generator<readonly [string, (text: string) => unknown]> {
  if (shape.kind === "string") yield [path, (text) => text];
  if (shape.kind === "list")
    for (const [inner, hold] of placesOf(shape.item, `${path}[]`)) yield [inner, (text) => [hold(text)]];
  if (shape.kind === "map") {
    yield [`${path} key`, (text) => ({ [text]: "v" })];
    yield [`${path} value`, (text) => ({ k: text })];
  }
  if (shape.kind !== "structure") return;
  for (const { name, shape: member } of shape.members) {
    for (const [inner, hold] of placesOf(member, `${path}.${name}`)) yield [inner, (text) => ({ [name]: hold(text) })];
  }
}

async function assertLinear(name: string, size: number, work: (size: number) => Promise<unknown>): Promise<void> {
  const cost = await costOfSizes(size, work);
  assert(!growsFasterThanSize(cost), `${name}: ${JSON.stringify(cost)}`);
}

test("100 KB of a repeated pattern in any string of any operation cost no more than their length", async () => {
  const { server, send } = await open();
  await using _ = server;
  const random = new SeededRandom(7);
  const inputs = new RandomInput(random, new KnownNames(random));
  let placeCount = 0;
  for (const operation of operationNames) {
    for (const [path, hold] of placesOf(inputShapes[operation], operation)) {
      placeCount++;
      const others = inputs.of(inputShapes[operation]);
      for (const pattern of repeated) {
        await assertLinear(`${path} of ${JSON.stringify(pattern)}`, 100_000, (size) => {
          const input = { ...others, ...(hold(textOf(pattern, size)) as object) };
          return send(signRequest(owner, jsonOf(input), { target: targetOf(operation) }));
        });
      }
    }
  }
  assert(placeCount > 100, String(placeCount));
});

test("28 KB of a repeated pattern in any header or in the query cost no more than their length", async () => {
  const { server, send } = await open();
  await using _ = server;
  const names = ["user-agent", "content-type", "x-amz-target", "x-amz-date", "x-amz-security-token", "date", "origin"];
  const others = ["host", "cookie", "x-any", "x-amz-content-sha256", "accept-encoding", "x-forwarded-for", "expect"];
  for (const pattern of repeated) {
    for (const name of [...names, ...others]) {
      await assertLinear(`${name} of ${JSON.stringify(pattern)}`, 28_000, (size) =>
        send(signRequest(owner, "{}", { headers: { [name]: textOf(pattern, size) } })),
      );
    }
    for (const part of ["Credential=", "SignedHeaders=", "Signature=", "AWS4-HMAC-SHA256 "]) {
      await assertLinear(`${part} of ${JSON.stringify(pattern)}`, 28_000, (size) => {
        const request = signRequest(owner, "{}");
        const authorization = (request.headers["authorization"] ?? "").replace(
          part,
          () => `${part}${textOf(pattern, size)}`,
        );
        return send({ ...request, headers: { ...request.headers, authorization } });
      });
    }
    for (const start of ["/?", "/", "/?X-Amz-Algorithm=a&X-Amz-Credential="]) {
      const url = (size: number) => `${start}${encodeURI(textOf(pattern, size / 3))}`;
      await assertLinear(`${start} of ${JSON.stringify(pattern)}`, 28_000, (size) =>
        send(signRequest(owner, "{}", { url: url(size) })),
      );
    }
  }
});

test("20 KB of a repeated pattern in any value of a policy cost no more than their length, to read and to judge by", async () => {
  const { server, send } = await open();
  await using _ = server;
  const plain = { Effect: "Allow", Principal: "*", Action: "kinesis:*", Resource: orders };
  const withText: Readonly<Record<string, (text: string) => object>> = {
    Sid: (text) => ({ ...plain, Sid: text }),
    Effect: (text) => ({ ...plain, Effect: text }),
    Principal: (text) => ({ ...plain, Principal: { AWS: text } }),
    "Principal ARN": (text) => ({ ...plain, Principal: { AWS: `arn:aws:iam::${account}:user/${text}` } }),
    Action: (text) => ({ ...plain, Action: `kinesis:${text}` }),
    Resource: (text) => ({ ...plain, Resource: `arn:${text}` }),
    "Resource variable": (text) => ({ ...plain, Resource: `arn:\${${text}, 'x'}` }),
    operator: (text) => ({ ...plain, Condition: { [text]: { "aws:UserAgent": "a" } } }),
    key: (text) => ({ ...plain, Condition: { StringLike: { [text]: "a" } } }),
    StringLike: (text) => ({ ...plain, Condition: { StringLike: { "aws:UserAgent": text } } }),
    "StringLike *": (text) => ({ ...plain, Condition: { StringLike: { "aws:UserAgent": `*${text}*b` } } }),
    ArnLike: (text) => ({ ...plain, Condition: { ArnLike: { "aws:PrincipalArn": `*${text}` } } }),
    NumericEquals: (text) => ({ ...plain, Condition: { NumericEquals: { "aws:EpochTime": text } } }),
    DateEquals: (text) => ({ ...plain, Condition: { DateEquals: { "aws:CurrentTime": text } } }),
    IpAddress: (text) => ({ ...plain, Condition: { IpAddress: { "aws:SourceIp": text } } }),
  };
  const asked = signRequest(partner, JSON.stringify({ StreamARN: orders }), {
    target: targetOf("DescribeStreamSummary"),
    nowMs: signedMs,
    headers: { "user-agent": "a".repeat(28_000) },
  });
  for (const [name, statementOf] of Object.entries(withText)) {
    for (const pattern of repeated) {
      await assertLinear(`${name} of ${JSON.stringify(pattern)}`, 20_000, async (size) => {
        // Escapes count in the text of the policy as well.
        const statement = statementOf(textOf(pattern, size * 0.45));
        const Policy = JSON.stringify({ Version: "2012-10-17", Statement: statement });
        const input = JSON.stringify({ ResourceARN: orders, Policy });
        await send(signRequest(owner, input, { target: targetOf("PutResourcePolicy") }));
        await send(asked);
      });
    }
  }
});
