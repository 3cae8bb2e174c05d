import type { IncomingHttpHeaders } from "node:http";
import { accessDenied, type DeniedBecause, monitoringDenied } from "../model/auth-errors.ts";
import { parseUntrustedJson } from "../model/parse-untrusted-json.ts";
import type { OperationName } from "../model/shapes.generated.ts";
import type { InputOf } from "../records/operation-io.ts";
import type { StreamRegistry } from "../registry/stream-registry.ts";
import { awsPartitionOf, channelArn, consumerArn, queueArn, streamArn } from "../streams/arn.ts";
import { findConsumer } from "../streams/consumer-ref.ts";
import { type AccessRules, denialReason } from "../streams/policy/decide-access.ts";
import type { PolicyRequest } from "../streams/policy/evaluate-policies.ts";
import { type Policy, parsePolicy } from "../streams/policy/policy-document.ts";
import { EvaluationTooLongError } from "../streams/policy/policy-pattern.ts";
import type { Stream, StreamChannel, StreamConsumer, StreamQueue } from "../streams/stream.ts";
import type { ShardIterators } from "../streams/tokens/shard-iterator.ts";
import type { TokenCipher } from "../streams/tokens/token-cipher.ts";
import type { Credential } from "./credential.ts";
import { type ClientEndpoint, policyContextOf } from "./policy-context.ts";
import { type PermissionRequirement, type PermissionTarget, requiredPermissions } from "./required-permissions.ts";
import type { VerifiedCaller } from "./verify-signature.ts";

export interface AuthorizedRequest {
  readonly name: OperationName;
  readonly input: InputOf<OperationName>;
  readonly caller: VerifiedCaller;
  readonly headers: IncomingHttpHeaders;
  readonly peer?: ClientEndpoint | undefined;
}

export interface AuthorizationServices {
  readonly registry: StreamRegistry;
  readonly tokens: TokenCipher;
  readonly iterators: ShardIterators;
  readonly nowMs: () => number;
}

/** A target with the facts that decide about access to it. */
interface Resource {
  /** `*` for the account as a whole. */
  readonly arn: string;
  /** The part of the ARN that the request names. An error shows no more, because the rest would prove that it exists. */
  readonly namedArn: string;
  readonly owner: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy?: Policy;
}

/**
 * Checks that the policies of the credential and of the named resources allow a request. It runs before the operation looks
 * anything up, so that a denied caller does not learn what exists. Errors: AccessDeniedException, and those of the operation
 * for members that name no resource.
 */
export function authorizeByPolicies(request: AuthorizedRequest, services: AuthorizationServices): void {
  const { name, input, caller } = request;
  const { isShareable, targets, also } = requirementOf(name);
  const alsoAction = also?.(input);
  const { tokens, iterators } = services;
  for (const target of targets(input, { caller, tokens, iterators })) {
    const resource = locate(target, caller, services.registry);
    const ownAction = target.kind === "stream" ? target.action : undefined;
    check(ownAction ?? name, resource, { isShareable, request, services });
    if (ownAction === undefined && alsoAction !== undefined)
      check(alsoAction, resource, { isShareable, request, services });
  }
}

/** A call of CloudWatch, whose operations here act on no resource of their own. */
export interface MonitoringRequest extends Pick<AuthorizedRequest, "caller" | "headers" | "peer"> {
  readonly operation: string;
  /** Its Namespace is that of conditions. */
  readonly input: object;
}

/** Checks that the policies of the credential allow `cloudwatch:{operation}`. Errors: AccessDeniedException. */
export function authorizeMonitoring(request: MonitoringRequest, services: Pick<AuthorizationServices, "nowMs">): void {
  const { operation, caller } = request;
  if (caller.credential.policies === undefined) return;
  const resource = { arn: "*", owner: caller.account, tags: {} };
  const { because, principalArn } = denialOf(`cloudwatch:${operation}`, resource, request, services);
  if (because !== undefined) throw monitoringDenied({ principalArn, operation, because });
}

interface Check {
  readonly isShareable: boolean;
  readonly request: AuthorizedRequest;
  readonly services: AuthorizationServices;
}

function check(action: string, resource: Resource, { isShareable, request, services }: Check): void {
  const { caller } = request;
  const { credential } = caller;
  const isOwn = resource.owner === caller.account;
  const policy = isOwnerOnPolicy(action, resource, credential) ? undefined : resource.policy;
  if (isOwn && credential.policies === undefined && policy === undefined) return;
  const decided = denialOf(`kinesis:${action}`, { ...resource, policy }, request, services);
  const because = isOwn || isShareable ? decided.because : "no resource-based policy allows";
  if (because !== undefined) {
    throw accessDenied({ principalArn: decided.principalArn, action, resourceArn: resource.namedArn, because });
  }
}

type JudgedResource = Pick<Resource, "arn" | "owner" | "tags"> & { readonly policy?: Policy | undefined };

/** Why the policies do not allow the action, in the form of policies; undefined when they do. */
function denialOf(
  action: string,
  { arn, owner, tags, policy: resourcePolicy }: JudgedResource,
  { caller, headers, peer, input }: Pick<MonitoringRequest, "caller" | "headers" | "peer" | "input">,
  services: Pick<AuthorizationServices, "nowMs">,
): { readonly because: DeniedBecause | undefined; readonly principalArn: string } {
  const { credential } = caller;
  const principal = { account: caller.account, arn: principalArn(credential, caller.region) };
  const valuesOf = policyContextOf({
    ...{ principal, credential, peer, owner, input },
    region: caller.region,
    userAgent: headers["user-agent"],
    nowMs: services.nowMs(),
    resourceTags: tags,
  });
  const because = boundedDenialReason(
    { principal, action, resource: arn, valuesOf },
    { owner, identityPolicies: credential.policies, resourcePolicy },
  );
  return { because, principalArn: principal.arn };
}

/** Policies that take too long allow nothing; to another account that is no proof that the resource has one. */
function boundedDenialReason(request: PolicyRequest, rules: AccessRules): DeniedBecause | undefined {
  try {
    return denialReason(request, rules);
  } catch (error) {
    if (!(error instanceof EvaluationTooLongError)) throw error;
    const isOwn = request.principal.account === rules.owner;
    return isOwn ? "evaluating the policies takes too long to allow" : "no resource-based policy allows";
  }
}

/** Whether the account itself calls a …ResourcePolicy operation: a policy that denies everything must stay removable. */
function isOwnerOnPolicy(action: string, { owner }: Resource, credential: Credential): boolean {
  const isRoot = credential.user === undefined && credential.account === owner;
  return isRoot && action.endsWith("ResourcePolicy");
}

function principalArn({ account, user }: Credential, region: string): string {
  return `arn:${awsPartitionOf(region)}:iam::${account}:${user === undefined ? "root" : `user/${user}`}`;
}

function locate(target: PermissionTarget, caller: VerifiedCaller, registry: StreamRegistry): Resource {
  if (target.kind === "account") return describe("*", { owner: caller.account });
  if (target.kind === "queue") {
    const { account, region, queueId } = target.address;
    const found = region === caller.region ? registry.findQueue(account, region, queueId)?.queue : undefined;
    return describe(queueArn(target.address), { owner: account, found });
  }
  if (target.kind === "channel") {
    const { account, region, channelId } = target.address;
    const found = region === caller.region ? registry.findChannel(account, region, channelId)?.channel : undefined;
    return describe(channelArn(target.address), { owner: account, found });
  }
  if (target.kind === "other") return describe(target.arn, { owner: target.arn.split(":")[4] ?? "" });
  const { address } = target;
  const { account, region, name } = address;
  // Streams of other regions cannot be reached, so their policies and tags do not count.
  const stream = region === caller.region ? registry.find(account, region, name)?.stream : undefined;
  if (target.kind === "stream") return describe(streamArn(address), { owner: account, found: stream });
  const { consumerName, createdSecond: namedSecond } = target.address;
  const found = stream === undefined ? undefined : findConsumer(stream, target.address);
  const createdSecond = found === undefined ? (namedSecond ?? 0) : Math.floor(found.createdMs / 1000);
  const arn = consumerArn({ ...target.address, createdSecond });
  const namedArn = namedSecond === undefined ? `${streamArn(address)}/consumer/${consumerName}` : arn;
  return describe(arn, { namedArn, owner: account, found });
}

interface ResourceFacts {
  /** Default: the whole ARN. */
  readonly namedArn?: string;
  readonly owner: string;
  readonly found?: PolicyHolder | undefined;
}

function describe(arn: string, { namedArn = arn, owner, found }: ResourceFacts): Resource {
  if (found === undefined) return { arn, namedArn, owner, tags: {} };
  const policy = policyOf(found);
  return { arn, namedArn, owner, tags: found.tags, ...(policy === undefined ? {} : { policy }) };
}

type PolicyHolder = Stream | StreamConsumer | StreamQueue | StreamChannel;

/** Parsed policies; a changed stream, consumer, queue or channel is another object. */
const policies = new WeakMap<PolicyHolder, Policy>();

function policyOf(resource: PolicyHolder): Policy | undefined {
  if (resource.policy === undefined) return undefined;
  const known = policies.get(resource);
  if (known !== undefined) return known;
  const { policy } = parsePolicy(parseUntrustedJson(resource.policy), "resource");
  policies.set(resource, policy);
  return policy;
}

/** The table types each row by its name; the cast forgets that for a name that is known only at run time. */
function requirementOf(name: OperationName): PermissionRequirement<OperationName> {
  return requiredPermissions[name] as unknown as PermissionRequirement<OperationName>;
}
