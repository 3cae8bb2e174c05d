// Loaded into a server by `--import` (see `reportedMemory()`): at SIGUSR2 it collects garbage and writes what is left.
import { renameSync, writeFileSync } from "node:fs";
import { collectGarbage } from "./retained-bytes.ts";

const path = process.env["MEMORY_REPORT_FILE"];
if (path !== undefined) {
  process.on("SIGUSR2", () => {
    collectGarbage();
    // The second collection takes what finalizers let go after the first.
    setImmediate(() => {
      collectGarbage();
      writeFileSync(`${path}.part`, JSON.stringify(process.memoryUsage()));
      renameSync(`${path}.part`, path);
    });
  });
}
