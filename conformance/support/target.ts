import assert from "node:assert/strict";

/** Where the suite sends its requests and as whom, from the environment that AWS's own tools read. */
export interface Target {
  readonly endpoint: URL;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/**
 * `slow` is a server whose streams stay in CREATING, UPDATING and DELETING long enough to be seen there. The service
 * itself is one; another server may need to be a second one, named by SLOW_ENDPOINT. `limited` keeps the rates and quotas
 * of the service; LIMITED_ENDPOINT names it where that is not the usual one. A URL names any other server.
 */
export type Pace = "usual" | "slow" | "limited" | URL;

export function target(pace: Pace = "usual"): Target {
  const { env } = process;
  const region = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"] ?? "us-east-1";
  const usual = env["ENDPOINT"] ?? `https://kinesis.${region}.amazonaws.com`;
  const endpoints = { usual, slow: env["SLOW_ENDPOINT"], limited: env["LIMITED_ENDPOINT"] };
  const accessKeyId = env["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = env["AWS_SECRET_ACCESS_KEY"];
  assert(accessKeyId !== undefined, "AWS_ACCESS_KEY_ID is not set");
  assert(secretAccessKey !== undefined, "AWS_SECRET_ACCESS_KEY is not set");
  return {
    endpoint: pace instanceof URL ? pace : new URL(endpoints[pace] ?? usual),
    region,
    accessKeyId,
    secretAccessKey,
    sessionToken: env["AWS_SESSION_TOKEN"],
  };
}

/** A bucket that channels of the service may write to, and the account and role for it; undefined where there is none. */
export function targetBucket():
  | { readonly name: string; readonly owner: string; readonly roleArn: string }
  | undefined {
  const { CHANNEL_BUCKET: name, CHANNEL_BUCKET_OWNER: owner, CHANNEL_ROLE_ARN: roleArn } = process.env;
  return name === undefined || owner === undefined || roleArn === undefined ? undefined : { name, owner, roleArn };
}

/** A table bucket with a namespace for tables of channels, and a schema of records with a required date-time `at`. */
export function targetTable():
  | { readonly bucketArn: string; readonly namespace: string; readonly schemaArn: string }
  | undefined {
  const { env } = process;
  const bucketArn = env["CHANNEL_TABLE_BUCKET_ARN"];
  const schemaArn = env["CHANNEL_SCHEMA_ARN"];
  const namespace = env["CHANNEL_TABLE_NAMESPACE"];
  const isWhole = bucketArn !== undefined && schemaArn !== undefined && namespace !== undefined;
  return isWhole ? { bucketArn, namespace, schemaArn } : undefined;
}
