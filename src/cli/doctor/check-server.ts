import type { Environment } from "../../config/config-sources.ts";
import { isLoopback } from "../../config/parse-value.ts";
import { awsEndpoint, type ConnectionOptions, connect, endpointOf } from "../client/connection.ts";
import { describeFailure } from "../client/describe-failure.ts";
import { type EndpointResponse, fetchEndpoint } from "../client/fetch-endpoint.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** A signature is refused when the clocks differ by more. */
const skewMsMax = 5 * 60_000;
/** The `Date` header has whole seconds. */
const skewMsNoticed = 2_000;
const certificateDaysMin = 14;
const dayMs = 86_400_000;

/** Address, TLS, clock, health and credentials. A check that cannot be made because of an earlier one is left out. */
export async function checkServer(options: ConnectionOptions, environment: Environment): Promise<readonly Finding[]> {
  const endpoint = endpointOf(options, environment);
  const url = endpoint === awsEndpoint ? await awsUrl(options, environment) : endpoint;
  const sentMs = Date.now();
  let response: EndpointResponse;
  try {
    response = await fetchEndpoint(`${url}/${endpoint === awsEndpoint ? "" : "health"}`, options, environment);
  } catch (error) {
    return [fail("endpoint", describeFailure(error, url).text, "start the server, or correct --endpoint")];
  }
  const findings = [ok("endpoint", `${url} answers`), checkTls(url, response), checkClock(response, sentMs)];
  if (endpoint !== awsEndpoint) findings.push(...checkHealth(response));
  findings.push(await checkCredentials(options, environment));
  return findings;
}

async function awsUrl(options: ConnectionOptions, environment: Environment): Promise<string> {
  const { kinesis } = await connect(options, environment);
  const region = await kinesis.config.region();
  kinesis.destroy();
  return `https://kinesis.${region}.amazonaws.com`;
}

function checkTls(url: string, { certificateEndMs }: EndpointResponse): Finding {
  const { protocol, hostname } = new URL(url);
  if (protocol === "http:") {
    if (isLoopback(hostname.replaceAll(/[[\]]/g, ""))) return ok("tls", "not used, and not needed on this machine");
    return warn(
      "tls",
      "records and signatures cross the network unencrypted",
      "use https://; the same port speaks TLS",
    );
  }
  const days = certificateEndMs === undefined ? undefined : Math.floor((certificateEndMs - Date.now()) / dayMs);
  if (days === undefined) return ok("tls", "the certificate is trusted");
  if (days >= certificateDaysMin) return ok("tls", `the certificate is trusted, and valid for ${days} days`);
  return warn("tls", `the certificate ends in ${days} days`, "renew it");
}

function checkClock({ dateMs }: EndpointResponse, sentMs: number): Finding {
  if (dateMs === undefined) return warn("clock", "the server does not tell its time", "compare the clocks by hand");
  const skewMs = dateMs - (sentMs + Date.now()) / 2;
  const text = `${(Math.abs(skewMs) / 1000).toFixed(0)} s ${skewMs > 0 ? "behind" : "ahead of"} the server`;
  const advice = "synchronize both clocks, for instance with chrony";
  if (Math.abs(skewMs) > skewMsMax) return fail("clock", `this machine is ${text}, so signatures are refused`, advice);
  if (Math.abs(skewMs) > skewMsNoticed) return warn("clock", `this machine is ${text}`, advice);
  return ok("clock", "agrees with the server's to 2 s");
}

interface Health {
  readonly status?: string;
  readonly engine?: string;
  readonly durable?: boolean;
  readonly degraded?: readonly string[];
}

function checkHealth({ status, body }: EndpointResponse): readonly Finding[] {
  const health = parseHealth(body);
  if (health?.status === undefined) {
    return [
      warn("health", "this server has no /health, so it is no Millrace", "the checks of a Millrace are left out"),
    ];
  }
  const ready =
    status === 200
      ? ok("health", `ready, engine ${health.engine ?? "not told"}`)
      : fail("health", `the server is ${health.status}`, "read its log; docs/operating.md explains each message");
  const problems = (health.degraded ?? []).map((sentence) => fail("health", sentence, "see docs/operating.md"));
  return [ready, ...problems, ...checkDurability(health)];
}

/** A foreign name in the address hides everything but the status. */
function checkDurability({ durable, engine }: Health): readonly Finding[] {
  if (durable === undefined) return [];
  if (durable) return [ok("durability", "acknowledged records are on disk")];
  const advice =
    engine === "memory" ? "serve without --engine memory" : "read the log of the server, then start it again";
  return [warn("durability", "acknowledged records are lost when the server ends", advice)];
}

function parseHealth(body: string): Health | undefined {
  try {
    return JSON.parse(body) as Health;
  } catch {
    return undefined;
  }
}

async function checkCredentials(options: ConnectionOptions, environment: Environment): Promise<Finding> {
  try {
    const { kinesis } = await connect(options, environment);
    try {
      const { accessKeyId } = await kinesis.config.credentials();
      await kinesis.listStreams({ Limit: 1 });
      return ok("credentials", `a signed ListStreams with the access key ${accessKeyId} is answered`);
    } finally {
      kinesis.destroy();
    }
  } catch (error) {
    const advice = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or --profile, and the policies of the key";
    return fail("credentials", describeFailure(error, undefined).text, advice);
  }
}
