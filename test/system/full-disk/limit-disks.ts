// Loaded by `--import` into each thread of a server whose directory has a limit: its disks then have it.
import { blockingDisk } from "../../../src/engine/embedded/io/blocking-disk.ts";
import { nodeDisk } from "../../../src/engine/embedded/io/node-disk.ts";
import { LimitedDirectory } from "./limited-directory.ts";

const directory = LimitedDirectory.fromEnvironment();
if (directory !== undefined) {
  for (const disk of [nodeDisk, blockingDisk]) Object.assign(disk, directory.methodsOf(disk));
}
