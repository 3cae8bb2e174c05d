import type { BucketAccess } from "./bucket-access.ts";

type SdkCredentials =
  | BucketAccess["credentials"]
  | ReturnType<typeof import("@aws-sdk/credential-provider-ini").fromIni>;

/** Credentials as clients of the AWS SDK take them; undefined: those of its default chain. */
export async function sdkCredentials({ region, profile, credentials }: BucketAccess): Promise<SdkCredentials> {
  if (profile !== undefined) {
    // The default chain would go on to the instance where the profile gives none, and say nothing of the profile.
    const { fromIni } = await import("@aws-sdk/credential-provider-ini");
    return fromIni({ profile, clientConfig: { region } });
  }
  // A copy: the SDK writes into it.
  return credentials === undefined ? undefined : { ...credentials };
}
