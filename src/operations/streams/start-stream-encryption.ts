import { encryptionTypeNotKms, keyIdInvalid } from "../../model/setting-errors.ts";
import { isKeyId } from "../../streams/key-id.ts";
import { changeStream } from "../change-stream.ts";
import { countChange } from "../counted-change.ts";
import { operation } from "../operation.ts";
import { requireStreamIn } from "../require-stream.ts";
import { settling } from "../settle.ts";

/** Records from now on are marked as encrypted under the key; calling again with another key re-keys. */
export const startStreamEncryption = operation({
  name: "StartStreamEncryption",
  plane: "control",
  async handle(input, context) {
    if (input.EncryptionType !== "KMS") throw encryptionTypeNotKms();
    await changeStream(context, () => {
      const live = requireStreamIn(["ACTIVE"], input, context);
      if (!isKeyId(input.KeyId)) throw keyIdInvalid(input.KeyId);
      const counted = countChange(live.stream, "encryptionStarts", context);
      return [live, settling({ ...counted, encryption: { keyId: input.KeyId } }, context)];
    });
    return undefined;
  },
});
