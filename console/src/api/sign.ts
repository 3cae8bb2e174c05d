import { toHex, toUtf8 } from "../decode/bytes.ts";

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only with temporary credentials. */
  readonly sessionToken?: string;
}

export interface RequestToSign {
  /** Where the POST goes. */
  readonly url: URL;
  /** Names in lower case; `host` and the time are added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const service = "kinesis";

/** The headers of a request with its Signature Version 4 (IAM User Guide, "Create a signed AWS API request"). */
export async function signedHeaders(
  { url, headers, body }: RequestToSign,
  { accessKeyId, secretAccessKey, sessionToken }: AccessKey,
  { region, nowMs }: { readonly region: string; readonly nowMs: number },
): Promise<Readonly<Record<string, string>>> {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = time.slice(0, 8);
  const token = sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken };
  const sent = { ...headers, "x-amz-date": time, ...token };
  const signed = Object.entries({ ...sent, host: url.host }).sort(([one], [other]) => (one < other ? -1 : 1));
  const names = signed.map(([name]) => name).join(";");
  const canonical = [
    "POST",
    url.pathname,
    "",
    ...signed.map(([name, value]) => `${name}:${value.trim().replaceAll(/\s+/g, " ")}`),
    "",
    names,
    await sha256(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, await sha256(canonical)].join("\n");
  let key = toUtf8(`AWS4${secretAccessKey}`);
  for (const part of [day, region, service, "aws4_request"]) key = await hmac(key, part);
  const signature = toHex(await hmac(key, toSign));
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization };
}

/**
 * The same for a server that reads signatures without verifying them: the account and the region are in the credential, the
 * signature is none. Works where a browser has no WebCrypto, that is over plain HTTP from another machine.
 */
export function claimedHeaders({
  account,
  region,
  nowMs,
}: {
  readonly account: string;
  readonly region: string;
  readonly nowMs: number;
}): Readonly<Record<string, string>> {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const scope = `${account}/${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`;
  return { "x-amz-date": time, authorization };
}

async function sha256(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", toUtf8(text))));
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, toUtf8(text)));
}
