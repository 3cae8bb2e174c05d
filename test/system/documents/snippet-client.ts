import { KinesisClient } from "@aws-sdk/client-kinesis";

/** The official client against a server of a test. */
export function clientOf(endpoint: string, accessKeyId = "test", secretAccessKey = "test"): KinesisClient {
  return new KinesisClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
    // A throttled call is what some snippets are about.
    maxAttempts: 1,
  });
}
