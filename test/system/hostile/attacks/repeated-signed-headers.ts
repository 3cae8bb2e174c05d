import { basicTime } from "../../../../src/auth/signature-time.ts";
import { type Attack, bytesOf, type Target } from "../attack.ts";
import { repeat } from "../attack-connection.ts";

/** Not signed by a secret: the canonical request is made before the signatures are compared. */
function request({ credential }: Target, value: string, signedHeaders: string): Buffer {
  const date = basicTime(Date.now());
  const claim = `${credential.accessKeyId}/${date.slice(0, 8)}/us-east-1/kinesis/aws4_request`;
  const headers = {
    ...{ host: "127.0.0.1", "content-type": "application/x-amz-json-1.1", "x-amz-date": date },
    ...{ "x-amz-target": "Kinesis_20131202.ListStreams", a: value },
    authorization: `AWS4-HMAC-SHA256 Credential=${claim}, SignedHeaders=${signedHeaders}, Signature=${"0".repeat(64)}`,
  };
  return bytesOf({ method: "POST", url: "/", headers, body: Buffer.from("{}") });
}

const names = "host;x-amz-date;x-amz-target";

export const repeatedSignedHeaders: Attack = {
  name: "headers named as signed a thousand times",
  requests(target) {
    return [
      request(target, `a${" ".repeat(14_000)}b`, `${names}${";a".repeat(7_000)}`),
      request(target, `a${" ".repeat(28_000)}b`, `${names};a`),
      request(target, ", ".repeat(7_000), `${names}${";a".repeat(7_000)}`),
      request(target, ",".repeat(14_000), `${names}${";a".repeat(7_000)}`),
      request(target, "a", `${names}${";b".repeat(14_000)}`),
    ];
  },
  async run(target, signal) {
    await repeat(target.port, () => this.requests?.(target) ?? [], { connectionCount: 4, signal });
    return [];
  },
};
