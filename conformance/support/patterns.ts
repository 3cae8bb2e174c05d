/** The patterns of the model, as the service prints them. */
export const namePattern = "[a-zA-Z0-9_.-]+";
export const streamArnPattern = "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+";
export const streamIdPattern = "[a-z0-9]{20}-[a-z0-9]{3}";
export const consumerArnPattern =
  "^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+";
export const channelArnPattern = "arn:aws.*:kinesis:.*:\\d{12}:channel/\\S+";
export const queueArnPattern = "arn:aws.*:kinesis:.*:\\d{12}:queue/\\S+";
export const resourceArnPattern = "arn:aws.*:kinesis:.*:\\d{12}:.*(stream|channel|queue)/\\S+";
/** Newer models anchor this one and the next; the service was seen to print them so. */
export const hashKeyPattern = "0|([1-9]\\d{0,38})";
export const sequenceNumberPattern = "0|([1-9]\\d{0,128})";

const arnStart = "arn:aws:kinesis:us-east-1:123456789012:";
const starts: Readonly<Record<string, string>> = {
  [streamArnPattern]: `${arnStart}stream/`,
  [resourceArnPattern]: `${arnStart}stream/`,
  [queueArnPattern]: `${arnStart}queue/`,
  [channelArnPattern]: `${arnStart}channel/`,
  [consumerArnPattern]: `${arnStart}stream/a/consumer/a:`,
};

/** A text of this length that matches the pattern where the pattern allows such a length. */
export function textOfLength(length: number, pattern: string | undefined): string {
  return (starts[pattern ?? ""] ?? "").padEnd(length, pattern === consumerArnPattern ? "1" : "a");
}
