import { Fragment } from "preact";

const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** Tokens that are colored; a larger text is shown plain, because each is an element. */
const coloredCharsMax = 200_000;

/** JSON with colors. Each token is a text node. */
export function JsonText({ text }: { readonly text: string }) {
  if (text.length > coloredCharsMax) return <>{text}</>;
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(tokens)) {
    const [whole, quoted, colon, word] = match;
    parts.push(text.slice(at, match.index));
    const kind =
      quoted === undefined ? (word === undefined ? "number" : "word") : colon === undefined ? "string" : "name";
    parts.push(
      <span key={match.index} class={`json-${kind}`}>
        {quoted ?? whole}
      </span>,
      colon ?? "",
    );
    at = match.index + whole.length;
  }
  parts.push(text.slice(at));
  return <Fragment>{parts}</Fragment>;
}
