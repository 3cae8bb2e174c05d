const KEY = /^(mrk-[0-9a-f]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/;
const ALIAS = /^alias\/[a-zA-Z0-9/_-]{1,250}$/;
const ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key\/(?<key>.+)|(?<alias>alias\/.+))$/;

/** API reference, StartStreamEncryption: a key's id or ARN, an alias or an alias' ARN; `alias/aws/kinesis` is one. */
export function isKeyId(given: string): boolean {
  const { key, alias } = ARN.exec(given)?.groups ?? {};
  if (key !== undefined) return KEY.test(key);
  return KEY.test(given) || ALIAS.test(alias ?? given);
}
