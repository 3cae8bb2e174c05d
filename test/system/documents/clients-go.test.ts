import { parseGo } from "./parse-programs.ts";
import { testSnippets } from "./run-snippets.ts";

testSnippets("docs/clients/go.md", {
  "Go 1": { needs: ["go"], run: ({ code }, place) => parseGo(place, code) },
});
