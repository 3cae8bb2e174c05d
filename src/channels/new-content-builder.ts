import type { ContentBuilder } from "./batch/content-maker.ts";
import { ObjectContentBuilder, type ObjectForm } from "./bucket/object-content-builder.ts";
import { TableContentBuilder, type TableForm } from "./table/table-content-builder.ts";

/** What is made of the records of a batch. */
export type ContentForm = ObjectForm | TableForm;

/** `takeMemory`: where an object is made. */
export function newContentBuilder(form: ContentForm, takeMemory: () => ArrayBuffer): ContentBuilder {
  return form.kind === "table" ? new TableContentBuilder(form) : new ObjectContentBuilder(form, takeMemory());
}
