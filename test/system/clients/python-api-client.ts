/** An ApiClient that a Python script beside this file carries out. */
import type { ApiClient, Outcome } from "./api-client.ts";
import { type PythonScript, startPythonCalls } from "./python-calls.ts";

export async function startPythonApiClient(name: string, script: PythonScript): Promise<ApiClient> {
  const { call, close } = startPythonCalls(script);
  return {
    name,
    operations: new Set(await call<readonly string[]>("operations")),
    call: (operation, input) => call<Outcome>("call", operation, input),
    pages: async (operation, input, pageSize) => (await call("pages", operation, input, pageSize)) ?? undefined,
    wait: (waiter, streamName) => call("wait", waiter, streamName),
    subscribe: (input, recordCount) => call("subscribe", input, recordCount),
    close,
  };
}
