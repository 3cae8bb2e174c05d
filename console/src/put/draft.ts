import { signal } from "@preact/signals";

/** A record that is to be sent again, or sent first. */
export interface Draft {
  readonly partitionKey: string;
  readonly dataBase64: string;
}

/** What the form begins with when it is opened next. */
export const draft = signal<Draft | undefined>(undefined);
