import { encryptionTypeNotKms, keyIdInvalid } from "../../model/setting-errors.ts";
import { stopEncrypting } from "../../streams/data-keys.ts";
import { isMasterKeyRef } from "../../streams/master-key-ref.ts";
import { withSettingsIntent } from "../begin-transition.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { defineOperation } from "../operation.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/** Stored records stay encrypted and readable. A stream that is not encrypted does not change. */
export const stopStreamEncryption = defineOperation({
  name: "StopStreamEncryption",
  plane: "control",
  async handle(input, context) {
    if (input.EncryptionType !== "KMS") throw encryptionTypeNotKms();
    await updateStreamDocument(context, () => {
      const revision = requireStreamInState(["ACTIVE"], input, context);
      if (!isMasterKeyRef(input.KeyId)) throw keyIdInvalid(input.KeyId);
      if (revision.stream.encryption === undefined) return [revision, revision.stream];
      const counted = countDailyChange(revision.stream, "encryptionStops", context);
      return [revision, withSettingsIntent(stopEncrypting(counted, context.clock.nowMs()), context, true)];
    });
    return undefined;
  },
});
