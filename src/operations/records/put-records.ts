import { dryRunSucceeded } from "../../model/request-errors.ts";
import type { PutResults } from "../../records/put-results.ts";
import { storeRecords } from "../../shards/store-records.ts";
import { toKmsError } from "../kms-error.ts";
import { defineOperation } from "../operation.ts";
import { requireWritableStream } from "../require-stream.ts";
import { checkIncomingRecords } from "./check-incoming-records.ts";

/** Each record succeeds or fails alone; results are in the order of the request. */
export const putRecords = defineOperation({
  name: "PutRecords",
  plane: "data",
  async handle(input, context) {
    const revision = requireWritableStream(input, context);
    checkIncomingRecords(input.Records, revision.stream, "PutRecords");
    if (input.DryRun === true) throw dryRunSucceeded();

    let results: PutResults;
    try {
      results = await storeRecords(context.shards, revision, input.Records, "PutRecords");
    } catch (error) {
      context.shards.traffic.countFailedPut(revision, "PutRecords", input.Records.count);
      throw toKmsError(error, { stream: revision.stream, caller: context.caller, use: "write" });
    }
    return {
      FailedRecordCount: results.failures?.size ?? 0,
      Records: results,
      ...(revision.stream.encryption === undefined ? {} : { EncryptionType: "KMS" }),
    };
  },
});
