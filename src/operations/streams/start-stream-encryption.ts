import { tooManyDataKeys } from "../../model/key-errors.ts";
import { encryptionTypeNotKms, keyIdInvalid } from "../../model/setting-errors.ts";
import type { StartStreamEncryptionInput } from "../../model/shapes.generated.ts";
import { dataKeysMax, encryptUnder, pruneDataKeys } from "../../streams/data-keys.ts";
import { isKeyId } from "../../streams/key-id.ts";
import { changeStream } from "../change-stream.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { kmsErrorOf } from "../kms-error.ts";
import { operation } from "../operation.ts";
import type { OperationContext } from "../operation-context.ts";
import { requireStreamIn } from "../require-stream.ts";
import { withSettingsIntent } from "../settings-intent.ts";

/**
 * Records from now on are sealed under a new data key; calling again re-keys. The data key is made before the document
 * changes, so that a master key which cannot be used leaves the stream as it is.
 */
export const startStreamEncryption = operation({
  name: "StartStreamEncryption",
  plane: "control",
  async handle(input, context) {
    if (input.EncryptionType !== "KMS") throw encryptionTypeNotKms();
    const { live } = plan(input, context);
    const made = await context.shards.keys.make(live.stream, input.KeyId).catch((error: unknown) => {
      throw kmsErrorOf(error, { stream: live.stream, caller: context.caller, use: "write", keyId: input.KeyId });
    });
    await changeStream(context, () => {
      const { live: newest, counted } = plan(input, context);
      return [newest, withSettingsIntent(encryptUnder(counted, made, context.clock.nowMs()), context)];
    });
    return undefined;
  },
});

/** All that is demanded of the stream and of the key's name; the stream with this change counted. */
function plan(input: StartStreamEncryptionInput, context: OperationContext) {
  const live = requireStreamIn(["ACTIVE"], input, context);
  if (!isKeyId(input.KeyId)) throw keyIdInvalid(input.KeyId);
  const counted = countDailyChange(live.stream, "encryptionStarts", context);
  const { dataKeys = [] } = pruneDataKeys(live.stream, context.clock.nowMs());
  if (dataKeys.length >= dataKeysMax) throw tooManyDataKeys(live.stream, dataKeysMax);
  return { live, counted };
}
