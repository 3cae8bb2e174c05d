import type { BucketAccess } from "./bucket-access.ts";

/** What the file of `--channels` says: buckets by ARN, `*` for all others. */
export interface ChannelsFile {
  readonly buckets: ReadonlyMap<string, BucketAccess>;
}

/** The contents, or all problems of the file, one clause each. */
export type ParsedChannelsFile =
  | { readonly file: ChannelsFile; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly file?: never };

const anyBucket = "*";
const regionDefault = "us-east-1";

/**
 * Parses a channels file: `{"buckets": {"arn:aws:s3:::NAME" or "*": {endpoint?, region?, pathStyle?, credentials?}}}`. Problems
 * do not quote values: any of them may be a misplaced secret.
 */
export function parseChannelsFile(json: unknown): ParsedChannelsFile {
  if (!isObject(json) || !isObject(json["buckets"])) {
    return {
      problems: ['must hold one JSON object with the buckets by ARN, {"buckets": {"*": {"endpoint": "http://…"}}}'],
    };
  }
  const problems: string[] = [];
  if (Object.keys(json).length > 1) problems.push('has members other than "buckets"');
  const buckets = new Map<string, BucketAccess>();
  const entries = Object.entries(json["buckets"]);
  if (entries.length === 0) problems.push("names no bucket, so that every channel would be refused");
  for (const [name, value] of entries) {
    if (name !== anyBucket && !/^arn:aws[-a-z0-9]*:s3:::[a-z0-9._-]{3,63}$/.test(name)) {
      problems.push(`buckets: ${JSON.stringify(name)} is neither the ARN of a bucket, arn:aws:s3:::NAME, nor "*"`);
      continue;
    }
    buckets.set(
      name,
      readAccess(value, (problem) => problems.push(`buckets[${JSON.stringify(name)}]: ${problem}`)),
    );
  }
  return problems.length === 0 ? { file: { buckets } } : { problems };
}

/** Undefined for a bucket that the file does not name. */
export function findBucketAccess({ buckets }: ChannelsFile, bucketArn: string): BucketAccess | undefined {
  return buckets.get(bucketArn) ?? buckets.get(anyBucket);
}

const members: readonly string[] = ["endpoint", "region", "pathStyle", "credentials"];

function readAccess(json: unknown, complain: (problem: string) => void): BucketAccess {
  if (!isObject(json)) {
    complain("must be an object");
    return { region: regionDefault, pathStyle: false };
  }
  if (Object.keys(json).some((name) => !members.includes(name)))
    complain(`has a member other than ${members.join(", ")}`);
  const { endpoint, region = regionDefault, pathStyle = endpoint !== undefined, credentials = "default" } = json;
  if (endpoint !== undefined && !isHttpUrl(endpoint))
    complain("endpoint must be an address such as http://127.0.0.1:8333");
  if (typeof region !== "string" || !/^[a-z0-9-]{1,64}$/.test(region))
    complain("region must be a region such as us-east-1");
  if (typeof pathStyle !== "boolean") complain("pathStyle must be true or false");
  const keys = readCredentials(credentials, complain);
  return {
    ...(typeof endpoint === "string" ? { endpoint } : {}),
    region: String(region),
    pathStyle: pathStyle === true,
    ...(keys === undefined ? {} : { credentials: keys }),
  };
}

function readCredentials(json: unknown, complain: (problem: string) => void): BucketAccess["credentials"] {
  if (json === "default") return undefined;
  const isText = (value: unknown): value is string => typeof value === "string" && /^[\x21-\x7e]{1,8192}$/.test(value);
  if (isObject(json)) {
    const { accessKeyId, secretAccessKey, sessionToken, ...others } = json;
    const isValid = isText(accessKeyId) && isText(secretAccessKey) && Object.keys(others).length === 0;
    if (isValid && sessionToken === undefined) return { accessKeyId, secretAccessKey };
    if (isValid && isText(sessionToken)) return { accessKeyId, secretAccessKey, sessionToken };
  }
  complain('credentials must be "default", or an object of accessKeyId, secretAccessKey and perhaps sessionToken');
  return undefined;
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const { protocol, pathname, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && pathname === "/" && search === "" && hash === "";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
