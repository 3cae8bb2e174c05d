import { SyntaxKind } from "typescript/unstable/ast";
import { createScanner, type Scanner } from "typescript/unstable/ast/scanner";

const logLevels: ReadonlySet<string> = new Set(["debug", "info", "warn", "error"]);

/**
 * The texts of a TypeScript source that people may read: each string or template of two words or more, and each message of
 * a log line, in the order of the source. `{…}` stands for a substitution, and a text of several lines is several texts.
 */
export function messagesIn(source: string): readonly string[] {
  const scanner = createScanner(true);
  scanner.setText(source);
  const messages: string[] = [];
  const add = (text: string, before: readonly string[]): void => {
    const lines = text.split("\n").map((line) => line.trim());
    messages.push(...lines.filter((line) => isLogCall(before) || hasTwoWords(line)));
  };
  scanTokens(scanner, add);
  return messages;
}

function hasTwoWords(text: string): boolean {
  return /\p{L}{2}[^ ]* +(?:.* )?[^ ]*\p{L}{2}/u.test(text);
}

/** `log.info(`, whatever the logger's name. */
function isLogCall(before: readonly string[]): boolean {
  const [dot, method, parenthesis] = before.slice(-3);
  return dot === "." && logLevels.has(method ?? "") && parenthesis === "(";
}

/**
 * Until the end, or the brace that closes a template's substitution. `add` gets a literal's text and the tokens before it.
 */
function scanTokens(scanner: Scanner, add: (text: string, before: readonly string[]) => void): void {
  const before: string[] = [];
  let depth = 0;
  for (let token = scanner.scan(); token !== SyntaxKind.EndOfFile; token = scanner.scan()) {
    if (token === SyntaxKind.CloseBraceToken && depth-- === 0) return;
    if (token === SyntaxKind.OpenBraceToken) depth++;
    if (token === SyntaxKind.SlashToken && !endsExpression(before.at(-1) ?? "")) token = scanner.reScanSlashToken();
    if (token === SyntaxKind.TemplateHead) add(templateText(scanner, add), before);
    else if (token === SyntaxKind.StringLiteral || token === SyntaxKind.NoSubstitutionTemplateLiteral) {
      add(scanner.getTokenValue(), before);
    }
    before.push(scanner.getTokenText());
  }
}

/** Whether a slash after this token divides. */
function endsExpression(token: string): boolean {
  return /^(?:[\w$]+|[)\]}"'`].*|.*[`"'])$/.test(token) && !/^(?:return|typeof|case|in|of)$/.test(token);
}

/** From its first piece, which is the scanner's token, to its last. */
function templateText(scanner: Scanner, add: (text: string, before: readonly string[]) => void): string {
  let text = scanner.getTokenValue();
  for (;;) {
    scanTokens(scanner, add);
    const piece = scanner.reScanTemplateToken(false);
    text += `{…}${scanner.getTokenValue()}`;
    if (piece !== SyntaxKind.TemplateMiddle) return text;
  }
}
