import type { ContentMaker } from "../../src/channels/batch/content-maker.ts";
import { type ContentForm, newContentBuilder } from "../../src/channels/new-content-builder.ts";

/** Makes contents without a thread, so that a seed decides what happens when. */
export const makerInThisThread: ContentMaker<ContentForm> = {
  begin(form) {
    const builder = newContentBuilder(form, () => new ArrayBuffer(1024));
    return {
      add: (parts) => builder.add(Buffer.concat(parts)),
      end: () => builder.end(),
      discard: () => void builder.discard(),
    };
  },
};
