import { tooManyDataKeys } from "../../model/key-errors.ts";
import { encryptionTypeNotKms, keyIdInvalid } from "../../model/setting-errors.ts";
import type { StartStreamEncryptionInput } from "../../model/shapes.generated.ts";
import { dataKeysMax, pruneDataKeys, startEncrypting } from "../../streams/data-keys.ts";
import { isMasterKeyRef } from "../../streams/master-key-ref.ts";
import { withSettingsIntent } from "../begin-transition.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { toKmsError } from "../kms-error.ts";
import { defineOperation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireStreamInState } from "../require-stream.ts";
import { updateStreamDocument } from "../update-stream-document.ts";

/**
 * New records are encrypted under a new data key; a repeated call rotates it. The data key is generated before the document
 * changes, so that a master key which cannot be used leaves the stream unchanged.
 */
export const startStreamEncryption = defineOperation({
  name: "StartStreamEncryption",
  plane: "control",
  async handle(input, context) {
    if (input.EncryptionType !== "KMS") throw encryptionTypeNotKms();
    const { revision } = plan(input, context);
    const made = await context.shards.keys.make(revision.stream, input.KeyId).catch((error: unknown) => {
      throw toKmsError(error, { stream: revision.stream, caller: context.caller, use: "write", keyId: input.KeyId });
    });
    await updateStreamDocument(context, () => {
      const { revision: newest, counted } = plan(input, context);
      return [newest, withSettingsIntent(startEncrypting(counted, made, context.clock.nowMs()), context, true)];
    });
    return undefined;
  },
});

/** Makes all checks; `counted` is the stream with this change in its daily count. */
function plan(input: StartStreamEncryptionInput, context: OperationContext) {
  const revision = requireStreamInState(["ACTIVE"], input, context);
  if (!isMasterKeyRef(input.KeyId)) throw keyIdInvalid(input.KeyId);
  const counted = countDailyChange(revision.stream, "encryptionStarts", context);
  const { dataKeys = [] } = pruneDataKeys(revision.stream, context.clock.nowMs());
  if (dataKeys.length >= dataKeysMax) throw tooManyDataKeys(revision.stream, dataKeysMax);
  return { revision, counted };
}
