import { EngineError } from "../../engine-error.ts";

/** Whether a part of the engine is open. */
export class OpenState {
  #isOpen = true;

  close(): void {
    this.#isOpen = false;
  }

  /** Throws `closed` from the close on. */
  assertOpen(): void {
    if (!this.#isOpen) throw new EngineError("closed", "The jetstream engine is closed; nothing was stored.");
  }

  /** The result of a call; a call that the close interrupts fails as closed, however the connection puts it. */
  async whileOpen<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } catch (error) {
      this.assertOpen();
      throw error;
    }
  }
}
