import { ContentBuilder } from "../../src/channels/bucket/content-builder.ts";
import type { ObjectMaker } from "../../src/channels/bucket/object-maker.ts";

/** Makes objects without a thread, so that a seed decides what happens when. */
export const makerInThisThread: ObjectMaker = {
  begin(form) {
    const content = new ContentBuilder(form, new Uint8Array(1024));
    return {
      add: (parts) => content.add(Buffer.concat(parts)),
      end: () => content.end(),
      discard: () => void content.discard(),
    };
  },
};
