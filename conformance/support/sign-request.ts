import { createHash, createHmac } from "node:crypto";
import type { Target } from "./target.ts";

/** Signature Version 4 by header: `headers` with X-Amz-Date, Authorization and, for a session, its token added. */
export function signRequest(
  request: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Uint8Array;
    readonly now: Date;
  },
  { endpoint, region, accessKeyId, secretAccessKey, sessionToken }: Target,
): Record<string, string> {
  const time = request.now.toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    Host: endpoint.host,
    "X-Amz-Date": time,
    ...(sessionToken === undefined ? {} : { "X-Amz-Security-Token": sessionToken }),
  };
  const lines = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const signedHeaders = lines.map(([name]) => name).join(";");
  const canonical = [
    "POST",
    "/",
    "",
    ...lines.map(([name, value]) => `${name}:${value}`),
    "",
    signedHeaders,
    sha256(request.body),
  ].join("\n");
  const scope = `${day}/${region}/kinesis/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const key = [day, region, "kinesis", "aws4_request"].reduce<string | Buffer>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  headers["Authorization"] =
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return headers;
}

function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}
