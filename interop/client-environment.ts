/** Whom the programs of the libraries are, told to the server and to them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import type { Environment } from "./library.ts";

const region = "us-east-1";
export const account = "111122223333";
const keys = { accessKeyId: "AKIAINTEROPEXAMPLE01", secretAccessKey: "interop/secret/for+the/interop/tests+001" };

export interface VerifyOption {
  /** Whether the server verifies signatures. */
  readonly verify: boolean;
}

/** Flags of `millrace serve`; writes what they name into a directory. */
export function callerArgs(directory: string, { verify }: VerifyOption): readonly string[] {
  const file = join(directory, "credentials.json");
  writeFileSync(file, JSON.stringify({ credentials: [{ ...keys, account }] }), { mode: 0o600 });
  return ["--region", region, ...(verify ? ["--credentials", file] : [])];
}

/** What a library's program finds in its environment, with the addresses of a server. */
export function clientEnvironment(
  directory: string,
  addresses: Readonly<Record<"MILLRACE_HTTP" | "MILLRACE_HTTPS" | "MILLRACE_CA", string>>,
): Environment {
  // Empty, but there: some SDKs fail for want of a file that they were pointed at.
  const awsFile = join(directory, "aws-config");
  writeFileSync(awsFile, "");
  return {
    ...addresses,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    // Nothing of the machine's own account may leak in, nor may an SDK look for one on the network.
    AWS_CONFIG_FILE: awsFile,
    AWS_SHARED_CREDENTIALS_FILE: awsFile,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}

/** A client of JavaScript in the environment of a library's program. */
export function kinesisClient(env: Environment): KinesisClient {
  return new KinesisClient({
    endpoint: env["MILLRACE_HTTP"] ?? "",
    region: env["AWS_REGION"] ?? "",
    credentials: {
      accessKeyId: env["AWS_ACCESS_KEY_ID"] ?? "",
      secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] ?? "",
    },
  });
}
