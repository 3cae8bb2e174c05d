const KEY = /^(mrk-[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/;
const ALIAS = /^alias\/[a-zA-Z0-9/_-]{1,250}$/;
const ARN = /^arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):(?<resource>key\/.+|alias\/.+)$/;
const KEY_PREFIX = "key/";

/** A master key by its account, region and name. */
export interface MasterKeyRef {
  readonly account: string;
  readonly region: string;
  /** `key/` and the id in lower case, or `alias/` and the name. */
  readonly name: string;
}

/**
 * Resolves a KeyId: a key id, a key ARN, an alias such as `alias/aws/kinesis`, or an alias ARN (API reference,
 * StartStreamEncryption). Without an ARN, account and region are those of `scope`. Undefined for anything else.
 */
export function parseMasterKeyRef(given: string, scope: Omit<MasterKeyRef, "name">): MasterKeyRef | undefined {
  const { region, account, resource } = ARN.exec(given)?.groups ?? {};
  const place = region === undefined || account === undefined ? scope : { account, region };
  const named = resource ?? given;
  if (ALIAS.test(named)) return { account: place.account, region: place.region, name: named };
  const isKey = resource === undefined || resource.startsWith(KEY_PREFIX);
  const id = resource === undefined ? given : resource.slice(KEY_PREFIX.length);
  if (!isKey || !KEY.test(id)) return undefined;
  return { account: place.account, region: place.region, name: `${KEY_PREFIX}${id.toLowerCase()}` };
}

/** Whether `resolveMasterKeyRef` accepts the text. */
export function isMasterKeyRef(given: string): boolean {
  return parseMasterKeyRef(given, { account: "", region: "" }) !== undefined;
}
