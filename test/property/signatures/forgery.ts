/**
 * Changes to a signed request that change what was signed, its scope, its date or the signature itself. Each comes with the
 * types of error that the service may refuse it with.
 */
import { createHash } from "node:crypto";
import { canonicalRequest } from "../../../src/auth/canonical-request.ts";
import type { Credential } from "../../../src/auth/credential.ts";
import { percentEncode } from "../../../src/auth/query-parameters.ts";
import { basicTime } from "../../../src/auth/signature-time.ts";
import { sign, signingKey } from "../../../src/auth/signature-v4.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import { type SignedRequest, signedMs, signRequest } from "../../support/signed-request.ts";

export interface Forgery {
  /** What was done, for the report. */
  readonly name: string;
  readonly request: SignedRequest;
  readonly types: readonly string[];
}

type Forge = (request: SignedRequest, random: SeededRandom) => SignedRequest | undefined;

const invalid = ["InvalidSignatureException"];
const incomplete = ["IncompleteSignatureException"];
const unrecognized = ["UnrecognizedClientException"];

/** A request whose signature is in its query. */
export function signQuery(credential: Credential, body: string | Buffer, target: string): SignedRequest {
  const date = basicTime(signedMs);
  const scope = { day: date.slice(0, 8), region: "us-east-1", service: "kinesis" } as const;
  const headers = {
    host: "kinesis.example:4567",
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": target,
  };
  const names = Object.keys(headers).sort().join(";");
  const parameters: Record<string, string> = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${credential.accessKeyId}/${scope.day}/${scope.region}/kinesis/aws4_request`,
    "X-Amz-Date": date,
    "X-Amz-SignedHeaders": names,
    ...(credential.sessionToken === undefined ? {} : { "X-Amz-Security-Token": credential.sessionToken }),
  };
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${percentEncode(value)}`);
  const url = `/?${query.join("&")}`;
  const bytes = Buffer.from(body);
  const payloadHash = createHash("sha256").update(bytes).digest("hex");
  const canonical = canonicalRequest({ method: "POST", url, headers, payloadHash }, names) ?? "";
  const signature = sign(signingKey(credential.secretAccessKey, scope), canonical, date, scope);
  return { method: "POST", url: `${url}&X-Amz-Signature=${signature}`, headers, body: bytes };
}

/** The places of a signature's parts: in the Authorization header or in the query, where slashes are escaped. */
function part(
  request: SignedRequest,
  name: string,
  change: (value: string) => string | undefined,
): SignedRequest | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const expression = new RegExp(`(${name}=)([^, ]*)`);
    const value = expression.exec(authorization)?.[2];
    const changed = value === undefined ? undefined : change(value);
    if (value === undefined || changed === undefined || changed === value) return undefined;
    return {
      ...request,
      headers: { ...request.headers, authorization: authorization.replace(expression, `$1${changed}`) },
    };
  }
  const expression = new RegExp(`(X-Amz-${name}=)([^&]*)`);
  const value = expression.exec(request.url)?.[2];
  const changed = value === undefined ? undefined : change(decodeURIComponent(value));
  if (value === undefined || changed === undefined || percentEncode(changed) === value) return undefined;
  return { ...request, url: request.url.replace(expression, `$1${percentEncode(changed)}`) };
}

function date(request: SignedRequest, change: (value: string) => string): SignedRequest | undefined {
  const given = request.headers["x-amz-date"];
  if (given === undefined) return part(request, "Date", change);
  return { ...request, headers: { ...request.headers, "x-amz-date": change(given) } };
}

function scopePart(index: number, change: (value: string, random: SeededRandom) => string): Forge {
  return (request, random) =>
    part(request, "Credential", (text) => {
      const parts = text.split("/");
      parts[index] = change(parts[index] ?? "", random);
      return parts.join("/");
    });
}

function header(name: string, change: (value: string, random: SeededRandom) => string | undefined): Forge {
  return (request, random) => {
    const value = request.headers[name];
    const changed = value === undefined ? undefined : change(value, random);
    if (value === undefined || changed === undefined || changed === value) return undefined;
    return { ...request, headers: { ...request.headers, [name]: changed } };
  };
}

function without(request: SignedRequest, name: string): SignedRequest | undefined {
  const { [name]: removed, ...headers } = request.headers;
  return removed === undefined ? undefined : { ...request, headers };
}

function withCharacter(text: string, random: SeededRandom, alphabet: string): string {
  const at = random.integer(0, text.length - 1);
  return text.slice(0, at) + one(alphabet, random) + text.slice(at + 1);
}

function one<Each>(list: ArrayLike<Each>, random: SeededRandom): Each {
  const chosen = list[random.integer(0, list.length - 1)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
}

const letters = "abcdefghijklmnopqrstuvwxyz";
const targets = ["ListStreams", "PutRecord", "CreateStream", "DeleteStream", "AddTagsToStream", "DescribeLimits"];
const regions = ["us-east-2", "eu-west-1", "ap-southeast-2", "us-gov-west-1", "a", "local-9"];

/** Another value of the same JSON shape, or the same value written otherwise. */
function otherBody(body: Buffer, random: SeededRandom): Buffer {
  const text = body.toString("utf8");
  const choice = random.integer(0, 3);
  if (choice === 0) return Buffer.from(text.replace(/[{,]/, (mark) => `${mark}${one([" ", "\n", "\t"], random)}`));
  if (choice === 1) return Buffer.from(`${text}${" ".repeat(random.integer(1, 3))}`);
  if (choice === 2)
    return Buffer.from(text.replace("{", `{"Further${random.integer(0, 999)}":${random.integer(0, 9)},`));
  // A letter inside of a quoted text.
  return Buffer.from(text.replace(/:"([^"]*)([a-z])/, (_, start: string) => `:"${start}${one("0123456789", random)}`));
}

const forgeries: readonly (readonly [name: string, types: readonly string[], forge: Forge])[] = [
  [
    "a digit of the signature",
    invalid,
    (request, random) => part(request, "Signature", (text) => withCharacter(text, random, "0123456789abcdef")),
  ],
  [
    "a signature of another length",
    invalid,
    (request, random) =>
      part(request, "Signature", (text) =>
        random.next() < 0.5 ? text.slice(random.integer(1, 63)) : text + one("0123456789abcdef", random),
      ),
  ],
  ["a signature in capitals", invalid, (request) => part(request, "Signature", (text) => text.toUpperCase())],
  [
    "a signature of something else",
    invalid,
    (request, random) =>
      part(request, "Signature", () => createHash("sha256").update(String(random.next())).digest("hex")),
  ],
  ["no signature", incomplete, (request) => part(request, "Signature", () => "")],
  [
    "another second",
    invalid,
    (request, random) =>
      date(request, () =>
        basicTime(signedMs + 1000 * one([-299, -60, -2, -1, 1, 2, 60, 299, 300, random.integer(1, 300)], random)),
      ),
  ],
  [
    "a second long ago or far off",
    invalid,
    (request, random) =>
      date(request, () => basicTime(signedMs + 1000 * one([-1, 1], random) * random.integer(301, 10_000_000))),
  ],
  [
    "a date that is none",
    incomplete,
    (request, random) =>
      date(request, (text) =>
        one([text.slice(0, -1), `${text}0`, text.replace("T", "t"), "now", text.replace("00Z", "60Z")], random),
      ),
  ],
  ["no date", incomplete, (request) => without(request, "x-amz-date") ?? part(request, "Date", () => "")],
  ["another day in the scope", invalid, scopePart(1, (text, random) => withCharacter(text, random, "0123456789"))],
  ["another region", invalid, scopePart(2, (_, random) => one(regions, random))],
  [
    "a region that is none",
    invalid,
    scopePart(2, (_, random) => one(["", "US-EAST-1", "us_east", "-", "us-east-1-", "x".repeat(41)], random)),
  ],
  ["another service", invalid, scopePart(3, (_, random) => one(["s3", "dynamodb", "Kinesis", "kinesi", ""], random))],
  [
    "another end of the scope",
    invalid,
    scopePart(4, (_, random) => one(["aws4", "aws5_request", "AWS4_REQUEST", ""], random)),
  ],
  [
    "a scope with a part too many or too few",
    incomplete,
    (request, random) =>
      part(request, "Credential", (text) =>
        one([`${text}/`, `${text}/x`, text.replace("/kinesis", ""), `/${text}`, text.slice(0, 9)], random),
      ),
  ],
  ["an unknown key", unrecognized, scopePart(0, (_, random) => `AKID${random.integer(0, 1e9)}`)],
  [
    "another caller's key",
    [...invalid, ...unrecognized],
    scopePart(0, (text) => (text === "AKIDALICE" ? "AKIDMALLORY" : "AKIDALICE")),
  ],
  [
    "fewer signed headers",
    invalid,
    (request, random) =>
      part(request, "SignedHeaders", (text) => {
        const names = text.split(";");
        names.splice(random.integer(0, names.length - 1), 1);
        return names.join(";");
      }),
  ],
  [
    "more signed headers",
    invalid,
    (request, random) =>
      part(
        request,
        "SignedHeaders",
        (text) => `${text};${one(["user-agent", "x-other", "host", "date", "content-length"], random)}`,
      ),
  ],
  [
    "signed headers in another order",
    invalid,
    (request) => part(request, "SignedHeaders", (text) => text.split(";").reverse().join(";")),
  ],
  [
    "signed headers in another case",
    invalid,
    (request) => part(request, "SignedHeaders", (text) => text.replace("content", "Content")),
  ],
  [
    "another target",
    invalid,
    header("x-amz-target", (text, random) => text.replace(/\.\w+$/, `.${one(targets, random)}`)),
  ],
  ["another host", invalid, header("host", (text, random) => withCharacter(text, random, letters))],
  [
    "another content type",
    invalid,
    header("content-type", (text, random) => `${text};charset=${one(["utf-8", "latin1"], random)}`),
  ],
  ["another header that was signed", invalid, header("x-custom", (text, random) => text + one(letters, random))],
  ["a header that was signed taken away", invalid, (request) => without(request, "x-custom")],
  [
    "a further header of AWS",
    invalid,
    (request, random) => ({
      ...request,
      headers: { ...request.headers, [`x-amz-${one(["content-sha256", "meta", "expires", "target-2"], random)}`]: "x" },
    }),
  ],
  [
    "another session token",
    invalid,
    (request, random) =>
      header("x-amz-security-token", (text) => withCharacter(text, random, letters))(request, random) ??
      part(request, "Security-Token", (text) => withCharacter(text, random, letters)),
  ],
  [
    "no session token",
    unrecognized,
    (request) => without(request, "x-amz-security-token") ?? part(request, "Security-Token", () => ""),
  ],
  [
    "another path",
    invalid,
    (request, random) => ({
      ...request,
      url: request.url.replace("/", `/${one(letters, random)}${random.integer(0, 99)}`),
    }),
  ],
  [
    "another query",
    invalid,
    (request, random) => ({
      ...request,
      url: `${request.url}${request.url.includes("?") ? "&" : "?"}${one(letters, random)}=${random.integer(0, 99)}`,
    }),
  ],
  ["another body", invalid, (request, random) => ({ ...request, body: otherBody(request.body, random) })],
  [
    "another algorithm",
    incomplete,
    (request, random) => {
      const other = one(["AWS4-HMAC-SHA1", "AWS4-HMAC-SHA25", "aws4-hmac-sha256", "AWS4-ECDSA-P256-SHA256"], random);
      return (
        header("authorization", (text) => text.replace("AWS4-HMAC-SHA256", other))(request, random) ??
        part(request, "Algorithm", () => other)
      );
    },
  ],
  [
    "both forms at once",
    invalid,
    (request) =>
      request.headers["authorization"] === undefined
        ? { ...request, headers: { ...request.headers, authorization: "AWS4-HMAC-SHA256" } }
        : { ...request, url: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256" },
  ],
  [
    "no signature at all",
    ["MissingAuthenticationTokenException"],
    (request) => without(request, "authorization") ?? { ...request, url: "/" },
  ],
];

/** One change of a request, which is not what it was afterwards. */
export function forge(original: SignedRequest, random: SeededRandom): Forgery {
  for (;;) {
    const [name, types, change] = one(forgeries, random);
    const request = change(original, random);
    const isChanged = request !== undefined && !isSame(request, original);
    if (isChanged) return { name, request, types };
  }
}

/** The signature of one request on another; both were sent by the same client at the same time. */
export function splice(one: SignedRequest, other: SignedRequest): Forgery | undefined {
  const { authorization } = other.headers;
  if (authorization === undefined || one.headers["authorization"] === undefined) return undefined;
  const request = { ...one, headers: { ...one.headers, authorization } };
  const types = [...invalid, ...unrecognized];
  return isSame(request, one) ? undefined : { name: "a signature of another request", request, types };
}

/** Signed in form by a caller that knows the id of a key and not its secret. */
export function guess(credential: Credential, original: SignedRequest, random: SeededRandom): Forgery {
  const guessed = { ...credential, secretAccessKey: `guess-${random.integer(0, 1e9)}` };
  const target = original.headers["x-amz-target"] ?? "";
  return { name: "a guessed secret", request: signRequest(guessed, original.body, { target }), types: invalid };
}

export const forgeryNames: readonly string[] = [
  ...forgeries.map(([name]) => name),
  "a signature of another request",
  "a guessed secret",
];

function isSame(request: SignedRequest, other: SignedRequest): boolean {
  return (
    request.url === other.url &&
    request.body.equals(other.body) &&
    JSON.stringify(request.headers) === JSON.stringify(other.headers)
  );
}
