import { account } from "./stream-fixture.ts";

/** A policy that lets the caller's own account do what it may do already; the service accepts no invented accounts. */
export async function policyFor(resourceArn: string, indent = 0): Promise<string> {
  const isConsumer = resourceArn.includes("/consumer/");
  const statement = {
    Sid: "own",
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${await account()}:root` },
    Action: isConsumer
      ? ["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"]
      : ["kinesis:DescribeStreamSummary"],
    Resource: resourceArn,
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] }, undefined, indent);
}
