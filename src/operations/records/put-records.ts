import { dryRunSucceeded } from "../../model/request-errors.ts";
import type { PutResults } from "../../records/put-results.ts";
import { storeRecords } from "../../shards/store-records.ts";
import { kmsErrorOf } from "../kms-error.ts";
import { operation } from "../operation.ts";
import { requireWritable } from "../require-stream.ts";
import { checkRecords } from "./check-records.ts";

/** Each record succeeds or fails alone; the answer keeps the order of the request. */
export const putRecords = operation({
  name: "PutRecords",
  plane: "data",
  async handle(input, context) {
    const live = requireWritable(input, context);
    checkRecords(input.Records, live.stream, "PutRecords");
    if (input.DryRun === true) throw dryRunSucceeded();

    let results: PutResults;
    try {
      results = await storeRecords(context.shards, live, input.Records);
    } catch (error) {
      throw kmsErrorOf(error, { stream: live.stream, caller: context.caller, use: "write" });
    }
    return {
      FailedRecordCount: results.failures?.size ?? 0,
      Records: results,
      ...(live.stream.encryption === undefined ? {} : { EncryptionType: "KMS" }),
    };
  },
});
