#!/usr/bin/env node
// The entry of the command. It has no static import, and only syntax that old versions of Node can parse: Node reads all static
// imports before it runs the first line, and would print a SyntaxError of a file that the user does not know.

const nodeMajorMin = 24;

const { node } = process.versions;
if (Number(node.split(".")[0]) < nodeMajorMin) {
  process.stderr.write(
    `millrace: this is Node ${node}, and Millrace needs Node ${nodeMajorMin} or newer; install one from https://nodejs.org and start again\n`,
  );
  process.exit(2);
}
const { main } = await import("./main.ts");
process.exit(await main(process.argv.slice(2)));
