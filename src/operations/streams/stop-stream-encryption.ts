import { encryptionTypeNotKms, keyIdInvalid } from "../../model/setting-errors.ts";
import { stopEncrypting } from "../../streams/data-keys.ts";
import { isKeyId } from "../../streams/key-id.ts";
import { changeStream } from "../change-stream.ts";
import { countDailyChange } from "../count-daily-change.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { withSettingsIntent } from "../settings-intent.ts";

/** Records written before stay sealed, and readable. On a stream that is not encrypted nothing changes. */
export const stopStreamEncryption = operation({
  name: "StopStreamEncryption",
  plane: "control",
  async handle(input, context) {
    if (input.EncryptionType !== "KMS") throw encryptionTypeNotKms();
    await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE"], input, context);
      if (!isKeyId(input.KeyId)) throw keyIdInvalid(input.KeyId);
      if (live.stream.encryption === undefined) return [live, live.stream];
      const counted = countDailyChange(live.stream, "encryptionStops", context);
      return [live, withSettingsIntent(stopEncrypting(counted, context.clock.nowMs()), context)];
    });
    return undefined;
  },
});
