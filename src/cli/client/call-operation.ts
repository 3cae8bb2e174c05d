import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Kinesis } from "@aws-sdk/client-kinesis";

interface WireRequest {
  body: string;
  readonly headers: Record<string, string>;
}

const targetPrefix = "Kinesis_20131202.";

/**
 * Sends any operation with a JSON body, as it is, and resolves with the JSON of the response, as it is: also operations and
 * members that the SDK does not know. Endpoint, credentials, signature, retries and errors are those of the SDK, whose
 * ListStreams lends its way.
 */
export async function callOperation(kinesis: Kinesis, operation: string, body: string): Promise<string> {
  const { ListStreamsCommand } = await import("@aws-sdk/client-kinesis");
  const command = new ListStreamsCommand({});
  let answer = "";
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as WireRequest;
      request.body = body;
      request.headers["x-amz-target"] = targetPrefix + operation;
      request.headers["content-type"] = "application/x-amz-json-1.1";
      request.headers["accept"] = "application/json";
      request.headers["content-length"] = String(Buffer.byteLength(body));
      return next(args);
    },
    { step: "build", priority: "low", name: "anyOperation" },
  );
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { readonly statusCode: number; body: unknown };
      if (response.statusCode < 300) {
        answer = await text(response.body as Readable);
        response.body = Buffer.from("{}");
      }
      return result;
    },
    { step: "deserialize", priority: "low", name: "answerAsItIs" },
  );
  await kinesis.send(command);
  return answer;
}
