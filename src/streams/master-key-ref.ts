const KEY = /^(mrk-[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/;
const ALIAS = /^alias\/[a-zA-Z0-9/_-]{1,250}$/;
const ARN = /^arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):(?<resource>key\/.+|alias\/.+)$/;
const KEY_PREFIX = "key/";

/** One master key, however it was named. */
export interface MasterKeyRef {
  readonly account: string;
  readonly region: string;
  /** `key/` and the id in lower case, or `alias/` and the name. */
  readonly name: string;
}

/**
 * API reference, StartStreamEncryption: a key's id or ARN, an alias or an alias' ARN; `alias/aws/kinesis` is one. What
 * names no account and region is of those given. Undefined when it is none of the four.
 */
export function resolveMasterKeyRef(given: string, scope: Omit<MasterKeyRef, "name">): MasterKeyRef | undefined {
  const { region, account, resource } = ARN.exec(given)?.groups ?? {};
  const place = region === undefined || account === undefined ? scope : { account, region };
  const named = resource ?? given;
  if (ALIAS.test(named)) return { account: place.account, region: place.region, name: named };
  const isKey = resource === undefined || resource.startsWith(KEY_PREFIX);
  const id = resource === undefined ? given : resource.slice(KEY_PREFIX.length);
  if (!isKey || !KEY.test(id)) return undefined;
  return { account: place.account, region: place.region, name: `${KEY_PREFIX}${id.toLowerCase()}` };
}

export function isMasterKeyRef(given: string): boolean {
  return resolveMasterKeyRef(given, { account: "", region: "" }) !== undefined;
}
