import { type Attack, bytesOf, type HttpRequest, signed, type Target } from "../attack.ts";
import { repeat } from "../attack-connection.ts";

const bodyBytes = 16 * 1024 ** 2;

/** Who sends the body: without a signature, with one of a known key and a wrong secret, with a right one. */
const callers = {
  unsigned: (_target: Target, body: Buffer, contentType: string): HttpRequest => {
    const headers = {
      host: "127.0.0.1",
      "content-type": contentType,
      "x-amz-target": "Kinesis_20131202.PutRecords",
    };
    return { method: "POST", url: "/", headers, body };
  },
  forged: (target: Target, body: Buffer, contentType: string): HttpRequest => {
    const credential = { ...target.credential, secretAccessKey: "wrong" };
    return signed({ ...target, credential }, "PutRecords", body, { "content-type": contentType });
  },
  signed: (target: Target, body: Buffer, contentType: string): HttpRequest =>
    signed(target, "PutRecords", body, { "content-type": contentType }),
};

function attackWith(
  name: string,
  { caller, contentType, body }: { caller: keyof typeof callers; contentType: string; body: () => Buffer },
): Attack {
  const request = (target: Target): Buffer => bytesOf(callers[caller](target, body(), contentType));
  return {
    name: `${caller} 16 MiB of ${name}`,
    requests: (target) => [request(target)],
    async run(target, signal) {
      const bytes = request(target);
      await repeat(target.port, () => [bytes], { connectionCount: 3, signal });
      return [];
    },
  };
}

const filled = (unit: string | Buffer) => Buffer.alloc(bodyBytes, unit);
/** `{"a":[`, then as many units as fit, then the end. */
const listOf = (unit: string) => {
  const text = `{"a":[${unit.repeat(Math.floor((bodyBytes - 100) / unit.length)).slice(0, -1)}]}`;
  return Buffer.from(text);
};

const bodies: readonly (readonly [name: string, contentType: string, body: () => Buffer])[] = [
  ["[", "application/x-amz-json-1.1", () => filled("[")],
  ["{}", "application/x-amz-json-1.1", () => listOf("{},")],
  ["escaped names", "application/x-amz-json-1.1", () => listOf('{"\\u0061":1},')],
  ["CBOR lists", "application/x-amz-cbor-1.1", () => filled(Buffer.of(0x9f))],
  [
    "empty chunks of a CBOR byte string",
    "application/x-amz-cbor-1.1",
    () => {
      const body = filled(Buffer.of(0x40));
      body.set([0xbf, 0x61, 0x61, 0x5f]);
      body.set([0xff, 0xff], body.length - 2);
      return body;
    },
  ],
];

export const largeBodies: readonly Attack[] = [
  ...bodies.map(([name, contentType, body]) => attackWith(name, { caller: "unsigned", contentType, body })),
  attackWith("{}", { caller: "forged", contentType: "application/x-amz-json-1.1", body: () => listOf("{},") }),
  ...bodies.map(([name, contentType, body]) => attackWith(name, { caller: "signed", contentType, body })),
];
