import { type Attack, bytesOf } from "../attack.ts";
import { repeat } from "../attack-connection.ts";

const bodyBytes = 16 * 1024 ** 2;

function attackWith(name: string, contentType: string, body: () => Buffer): Attack {
  return {
    name,
    async run({ port }, signal) {
      const headers = {
        host: "127.0.0.1",
        "content-type": contentType,
        "x-amz-target": "Kinesis_20131202.ListStreams",
      };
      const request = bytesOf({ method: "POST", url: "/", headers, body: body() });
      await repeat(port, () => [request], { connectionCount: 3, signal });
      return [];
    },
  };
}

const json = "application/x-amz-json-1.1";
const cbor = "application/x-amz-cbor-1.1";
const filled = (unit: string | Buffer) => Buffer.alloc(bodyBytes, unit);
/** `{"":[`, then as many units as fit, then the end. */
const listOf = (unit: string) => {
  const text = `{"a":[${unit.repeat(Math.floor((bodyBytes - 100) / unit.length)).slice(0, -1)}]}`;
  return Buffer.from(text);
};

export const deepJson = attackWith("unsigned 16 MiB of [", json, () => filled("["));
export const emptyObjects = attackWith("unsigned 16 MiB of {}", json, () => listOf("{},"));
export const escapedNames = attackWith("unsigned 16 MiB of escaped names", json, () => listOf('{"\\u0061":1},'));
export const deepCbor = attackWith("unsigned 16 MiB of CBOR lists", cbor, () => filled(Buffer.of(0x9f)));
export const emptyCborChunks = attackWith("unsigned 16 M empty chunks of a CBOR byte string", cbor, () => {
  const body = filled(Buffer.of(0x40));
  body.set([0xbf, 0x61, 0x61, 0x5f]);
  body.set([0xff, 0xff], body.length - 2);
  return body;
});
