import { isJsonObject, type JsonObject } from "../../model/json-object.ts";
import type { BucketAccess } from "./bucket-access.ts";
import type { CatalogAuth, TableAccess } from "./table-access.ts";

/** What the file of `--channels` says: buckets and table buckets by ARN, `*` for all others. */
export interface ChannelsFile {
  readonly buckets: ReadonlyMap<string, BucketAccess>;
  readonly tables: ReadonlyMap<string, TableAccess>;
  /** The folder with the schemas of records, as `REGISTRY/NAME.json`; absent: there are none. */
  readonly schemas?: string;
}

/** The contents, or all problems of the file, one clause each. */
export type ParsedChannelsFile =
  | { readonly file: ChannelsFile; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly file?: never };

const anyBucket = "*";
const regionDefault = "us-east-1";

/**
 * Parses a channels file: `{"buckets": {"arn:aws:s3:::NAME" or "*": BUCKET}, "tables"?: {"arn:aws:s3tables:…" or "*": TABLE},
 * "schemas"?: FOLDER}`, where BUCKET is `{endpoint?, region?, pathStyle?, owner?, credentials?}` and TABLE the same with `catalog`,
 * `warehouse?` and `auth?`. Problems do not quote values: any of them may be a misplaced secret.
 */
export function parseChannelsFile(json: unknown): ParsedChannelsFile {
  if (!isJsonObject(json) || !isJsonObject(json["buckets"])) {
    return {
      problems: ['must hold one JSON object with the buckets by ARN, {"buckets": {"*": {"endpoint": "http://…"}}}'],
    };
  }
  const problems: string[] = [];
  const { buckets: bucketPlaces, tables: tablePlaces = {}, schemas, ...others } = json;
  if (Object.keys(others).length > 0) problems.push('has members other than "buckets", "tables" and "schemas"');
  const buckets = readPlaces(bucketPlaces, bucketPlace, problems);
  if (buckets.size === 0) problems.push("names no bucket, so that every channel would be refused");
  const tables = readPlaces(tablePlaces, tablePlace, problems);
  if (schemas !== undefined && (typeof schemas !== "string" || schemas === "")) {
    problems.push("schemas must be a folder, with a file REGISTRY/NAME.json for each schema");
  }
  if (problems.length > 0) return { problems };
  return { file: { buckets, tables, ...(typeof schemas === "string" ? { schemas } : {}) } };
}

/** Undefined for a bucket that the file does not name. */
export function findBucketAccess({ buckets }: ChannelsFile, bucketArn: string): BucketAccess | undefined {
  return buckets.get(bucketArn) ?? buckets.get(anyBucket);
}

/** Undefined for a table bucket that the file does not name. */
export function findTableAccess({ tables }: ChannelsFile, tableBucketArn: string): TableAccess | undefined {
  return tables.get(tableBucketArn) ?? tables.get(anyBucket);
}

/** The places of one kind: what they are called in the file, and how one is read. */
interface PlaceKind<T> {
  readonly member: "buckets" | "tables";
  readonly arnPattern: RegExp;
  readonly arnForm: string;
  readonly read: (json: JsonObject, complain: Complain) => T;
}

type Complain = (problem: string) => void;

const bucketMembers: readonly string[] = ["endpoint", "region", "pathStyle", "owner", "credentials"];
const tableMembers: readonly string[] = ["catalog", "warehouse", "auth", ...bucketMembers];

const bucketPlace: PlaceKind<BucketAccess> = {
  member: "buckets",
  arnPattern: /^arn:aws[-a-z0-9]*:s3:::[a-z0-9._-]{3,63}$/,
  arnForm: "a bucket, arn:aws:s3:::NAME",
  read(json, complain) {
    refuseOthers(json, bucketMembers, complain);
    return readAccess(json, complain);
  },
};

const tablePlace: PlaceKind<TableAccess> = {
  member: "tables",
  arnPattern: /^arn:aws[-a-z0-9]*:s3tables:[-a-z0-9]+:\d{12}:bucket\/[a-z0-9_-]{3,63}$/,
  arnForm: "a table bucket, arn:aws:s3tables:REGION:ACCOUNT:bucket/NAME",
  read(json, complain) {
    refuseOthers(json, tableMembers, complain);
    const { catalog, warehouse, auth = "sigv4" } = json;
    if (!isHttpUrl(catalog)) complain("catalog must be an address such as http://127.0.0.1:8181, without /v1");
    if (warehouse !== undefined && (typeof warehouse !== "string" || warehouse === ""))
      complain("warehouse must be a text");
    return {
      ...readAccess(json, complain),
      catalog: String(catalog),
      ...(typeof warehouse === "string" ? { warehouse } : {}),
      auth: readAuth(auth, complain),
    };
  },
};

function readPlaces<T>(json: unknown, kind: PlaceKind<T>, problems: string[]): ReadonlyMap<string, T> {
  const { member, arnPattern, arnForm, read } = kind;
  const places = new Map<string, T>();
  if (!isJsonObject(json)) {
    problems.push(`${member} must be an object with an entry for each ARN`);
    return places;
  }
  for (const [name, value] of Object.entries(json)) {
    const quoted = JSON.stringify(name);
    if (name !== anyBucket && !arnPattern.test(name)) {
      problems.push(`${member}: ${quoted} is neither the ARN of ${arnForm}, nor "*"`);
      continue;
    }
    const complain: Complain = (problem) => problems.push(`${member}[${quoted}]: ${problem}`);
    if (isJsonObject(value)) places.set(name, read(value, complain));
    else complain("must be an object");
  }
  return places;
}

function refuseOthers(json: JsonObject, members: readonly string[], complain: Complain): void {
  if (Object.keys(json).some((name) => !members.includes(name))) {
    complain(`has a member other than ${members.join(", ")}`);
  }
}

function readAuth(json: unknown, complain: Complain): CatalogAuth {
  if (json === "sigv4" || json === "none") return { kind: json };
  if (isJsonObject(json)) {
    const { token, clientId, clientSecret, ...others } = json;
    const isAlone = Object.keys(others).length === 0;
    if (isAlone && isPrintable(token) && clientId === undefined && clientSecret === undefined)
      return { kind: "token", token };
    if (isAlone && isPrintable(clientId) && isPrintable(clientSecret) && token === undefined) {
      return { kind: "oauth", clientId, clientSecret };
    }
  }
  complain('auth must be "sigv4", "none", or an object of token, or of clientId and clientSecret');
  return { kind: "none" };
}

function readAccess(json: JsonObject, complain: Complain): BucketAccess {
  const { endpoint, region = regionDefault, pathStyle = endpoint !== undefined, owner, credentials = "default" } = json;
  if (endpoint !== undefined && !isHttpOrigin(endpoint))
    complain("endpoint must be an address such as http://127.0.0.1:8333");
  if (typeof region !== "string" || !/^[a-z0-9-]{1,64}$/.test(region))
    complain("region must be a region such as us-east-1");
  if (typeof pathStyle !== "boolean") complain("pathStyle must be true or false");
  if (owner !== undefined && !isPrintable(owner))
    complain("owner must be what the store calls the owner of the bucket");
  const keys = readCredentials(credentials, complain);
  return {
    ...(typeof endpoint === "string" ? { endpoint } : {}),
    region: String(region),
    pathStyle: pathStyle === true,
    ...(typeof owner === "string" ? { owner } : {}),
    ...keys,
  };
}

function readCredentials(json: unknown, complain: Complain): Pick<BucketAccess, "credentials" | "profile"> {
  if (json === "default") return {};
  if (isJsonObject(json)) {
    const { accessKeyId, secretAccessKey, sessionToken, profile, ...others } = json;
    const isAlone = Object.keys(others).length === 0;
    const areKeys = isPrintable(accessKeyId) && isPrintable(secretAccessKey) && isAlone && profile === undefined;
    if (areKeys && sessionToken === undefined) return { credentials: { accessKeyId, secretAccessKey } };
    if (areKeys && isPrintable(sessionToken)) return { credentials: { accessKeyId, secretAccessKey, sessionToken } };
    if (typeof profile === "string" && profile !== "" && Object.keys(json).length === 1) return { profile };
  }
  complain(
    'credentials must be "default", an object of profile, or one of accessKeyId, secretAccessKey and perhaps sessionToken',
  );
  return {};
}

/** A text that a header can have, without spaces. */
function isPrintable(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]{1,8192}$/.test(value);
}

function isHttpOrigin(value: unknown): boolean {
  return isHttpUrl(value) && new URL(String(value)).pathname === "/";
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const { protocol, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && search === "" && hash === "";
}
