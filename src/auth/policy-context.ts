import type { ContextLookup } from "../streams/policy/policy-pattern.ts";
import type { Principal } from "../streams/policy/principal.ts";
import type { Credential } from "./credential.ts";

/** The client's end of the connection. */
export interface ClientEndpoint {
  readonly address: string;
  readonly isEncrypted: boolean;
}

/** All members with tags in inputs of operations. */
interface TagMembers {
  readonly Tags?: unknown;
  readonly TagKeys?: unknown;
}

export interface PolicyRequestFacts {
  readonly principal: Principal;
  readonly credential: Credential;
  readonly region: string;
  readonly peer?: ClientEndpoint | undefined;
  readonly userAgent?: string | undefined;
  readonly nowMs: number;
  /** The account and the tags of the resource. */
  readonly owner: string;
  readonly resourceTags: Readonly<Record<string, string>>;
  /** The input, which may have tags. */
  readonly input: object;
}

/** Most characters of a User-Agent in conditions. The rest is cut off; a client can send a shorter one anyway. */
const userAgentCharactersMax = 1_024;

/** The values of the condition keys of a request: IAM User Guide, "AWS global condition context keys". */
export function policyContextOf(facts: PolicyRequestFacts): ContextLookup {
  return (key) => {
    const slash = key.indexOf("/");
    if (slash > 0) return tagValues(key.slice(0, slash), key.slice(slash + 1), facts);
    const value = singleValue(key, facts);
    return typeof value === "string" ? [value] : value;
  };
}

function singleValue(key: string, facts: PolicyRequestFacts): string | readonly string[] | undefined {
  const { principal, credential, peer } = facts;
  switch (key) {
    case "aws:principalaccount":
      return principal.account;
    case "aws:principalarn":
      return principal.arn;
    case "aws:principaltype":
      return credential.user === undefined ? "Account" : "User";
    case "aws:principalisawsservice":
    case "aws:viaawsservice":
      return "false";
    case "aws:username":
      return credential.user?.slice(credential.user.lastIndexOf("/") + 1);
    case "aws:userid":
      return credential.user === undefined ? principal.account : credential.accessKeyId;
    case "aws:requestedregion":
      return facts.region;
    case "aws:resourceaccount":
      return facts.owner;
    case "aws:sourceip":
      return peer?.address;
    case "aws:securetransport":
      return peer === undefined ? undefined : String(peer.isEncrypted);
    case "aws:useragent":
      return facts.userAgent?.slice(0, userAgentCharactersMax);
    case "aws:currenttime":
      return new Date(facts.nowMs).toISOString();
    case "aws:epochtime":
      return String(Math.floor(facts.nowMs / 1000));
    case "aws:tokenissuetime":
      return undefined;
    case "aws:tagkeys":
      return tagKeys(facts.input);
    case "cloudwatch:namespace":
      return namespaceIn(facts.input);
    default:
      return undefined;
  }
}

/** That of an input of CloudWatch. */
function namespaceIn(input: { readonly Namespace?: unknown }): string | undefined {
  return typeof input.Namespace === "string" ? input.Namespace : undefined;
}

function tagValues(
  kind: string,
  tagKey: string,
  { resourceTags, input }: PolicyRequestFacts,
): readonly string[] | undefined {
  const tags = kind === "aws:resourcetag" ? resourceTags : kind === "aws:requesttag" ? requestTags(input) : {};
  // Condition keys are case-insensitive, tag keys are not.
  const values = Object.entries(tags).filter(([name]) => name.toLowerCase() === tagKey);
  return values.length === 0 ? undefined : values.map(([, value]) => value);
}

function tagKeys(input: TagMembers): readonly string[] | undefined {
  const removed: readonly unknown[] = Array.isArray(input.TagKeys) ? input.TagKeys : [];
  const keys = [...Object.keys(requestTags(input)), ...removed.filter((key) => typeof key === "string")];
  return keys.length === 0 ? undefined : keys;
}

function requestTags({ Tags }: TagMembers): Readonly<Record<string, string>> {
  if (typeof Tags !== "object" || Tags === null) return {};
  return Object.fromEntries(Object.entries(Tags).filter(([, value]) => typeof value === "string"));
}
