import { readFileSync } from "node:fs";
import type { Kinesis, KinesisClientConfig } from "@aws-sdk/client-kinesis";
import type { Environment } from "../../config/config-sources.ts";
import { parseHttpUrl } from "../../config/parse-value.ts";
import { CommandError } from "../output/command-error.ts";

export interface ConnectionOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly caBundle?: string;
  /** False with --no-verify-tls. */
  readonly verifyTls?: boolean;
}

export interface Connection {
  readonly kinesis: Kinesis;
  /** The address for messages: a URL, or `Amazon Kinesis in eu-west-1`. */
  readonly place: string;
  readonly isAws: boolean;
}

/** Where a Millrace without flags serves. */
export const defaultEndpoint = "http://127.0.0.1:4567";
/** The value of --endpoint that means the service itself. No other setting leads there. */
export const awsEndpoint = "aws";
const defaultRegion = "us-east-1";
/** The service answers a call in less, except for SubscribeToShard, which sends at least a heartbeat each few seconds. */
const idleMsMax = 60_000;
const connectMsMax = 5_000;
const socketsMax = 256;
/** Signs requests where nothing is configured; a server without credentials accepts every signature. */
const anyCredentials = { accessKeyId: "millrace", secretAccessKey: "millrace" };

/** The URL of the server, or `aws`. Without a setting a Millrace on this machine: no command reaches AWS by accident. */
export function endpointOf({ endpoint }: Pick<ConnectionOptions, "endpoint">, environment: Environment): string {
  const names = ["MILLRACE_ENDPOINT", "AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL"];
  const from = endpoint === undefined ? names.find((name) => (environment[name] ?? "") !== "") : undefined;
  const text = endpoint ?? (from === undefined ? defaultEndpoint : (environment[from] ?? ""));
  if (text === awsEndpoint) return text;
  const url = parseHttpUrl(text);
  if (url === undefined) {
    throw new CommandError(
      `${from ?? "--endpoint"}: ${JSON.stringify(text)} is neither a URL such as ${defaultEndpoint} nor "aws"`,
    );
  }
  return url.replace(/\/+$/, "");
}

/** Loads the SDK, and finds endpoint, region and credentials. Sends nothing to the endpoint. */
export async function connect(options: ConnectionOptions, environment: Environment): Promise<Connection> {
  const endpoint = endpointOf(options, environment);
  const isAws = endpoint === awsEndpoint;
  const [{ Kinesis }, { NodeHttpHandler }] = await Promise.all([
    import("@aws-sdk/client-kinesis"),
    import("@smithy/node-http-handler"),
  ]);
  const region = options.region ?? environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"];
  // The SDK reads these for itself; the endpoint has been decided above.
  for (const name of ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KINESIS"]) delete process.env[name];
  // Off AWS, the search for credentials would wait for the address of a metadata service that is not there.
  if (!isAws) process.env["AWS_EC2_METADATA_DISABLED"] ??= "true";
  const tls = tlsOptions(options, environment);
  const config: KinesisClientConfig = {
    requestHandler: new NodeHttpHandler({
      requestTimeout: idleMsMax,
      connectionTimeout: connectMsMax,
      httpAgent: { keepAlive: true, maxSockets: socketsMax },
      httpsAgent: { keepAlive: true, maxSockets: socketsMax, ...tls },
    }),
    maxAttempts: 4,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(isAws ? {} : { endpoint }),
  };
  const found = new Kinesis(region === undefined || region === "" ? config : { ...config, region });
  const [regionInUse, hasCredentials] = await Promise.all([regionOf(found, isAws), resolves(found)]);
  const place = isAws ? `Amazon Kinesis in ${regionInUse}` : endpoint;
  if (hasCredentials && regionInUse === (await found.config.region().catch(() => undefined))) {
    return { kinesis: found, place, isAws };
  }
  if (isAws && !hasCredentials) {
    throw new CommandError(
      "no AWS credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --profile NAME",
    );
  }
  const credentials = hasCredentials ? {} : { credentials: anyCredentials };
  return { kinesis: new Kinesis({ ...config, region: regionInUse, ...credentials }), place, isAws };
}

async function regionOf(kinesis: Kinesis, isAws: boolean): Promise<string> {
  try {
    return await kinesis.config.region();
  } catch {
    if (isAws) throw new CommandError("no AWS region is set; give --region NAME, or set AWS_REGION");
    return defaultRegion;
  }
}

async function resolves(kinesis: Kinesis): Promise<boolean> {
  try {
    await kinesis.config.credentials();
    return true;
  } catch (error) {
    // A profile that was named and is wrong must not be replaced in silence.
    if (error instanceof Error && /profile/i.test(error.message) && process.env["AWS_PROFILE"] !== undefined)
      throw error;
    return false;
  }
}

export function tlsOptions(
  { caBundle, verifyTls = true }: Pick<ConnectionOptions, "caBundle" | "verifyTls">,
  environment: Environment,
): { readonly ca?: Buffer; readonly rejectUnauthorized?: false } {
  const path = caBundle ?? environment["AWS_CA_BUNDLE"];
  return {
    ...(path === undefined || path === "" ? {} : { ca: readBundle(path) }),
    ...(verifyTls ? {} : { rejectUnauthorized: false }),
  };
}

function readBundle(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CommandError(`the certificates in ${path} cannot be read: ${String(error)}`);
  }
}
