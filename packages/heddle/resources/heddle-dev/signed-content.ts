/** A part of what an HMAC is made over. */
export type SignedContentPart =
  | { readonly type: "text" | "header"; readonly value: string }
  | { readonly type: "timestamp" | "method" | "path" | "query" | "body" };

const names = ["timestamp", "method", "path", "query", "body"] as const;
const headerText = /^header:([A-Za-z0-9!#$%&'*+.^_`|~-]+)$/;

/** "v0:{timestamp}:{body}" in its parts; null for what is none, or holds nothing of the request. `\n` is a line break. */
export function parseSignedContent(text: string): readonly SignedContentPart[] | null {
  const parts: SignedContentPart[] = [];
  for (const [index, piece] of text.split(/[{}]/).entries()) {
    if (index % 2 === 0) {
      if (piece !== "") parts.push({ type: "text", value: piece.replaceAll("\\n", "\n") });
      continue;
    }
    const name = names.find((one) => one === piece);
    const header = headerText.exec(piece)?.[1];
    if (name !== undefined) parts.push({ type: name });
    else if (header !== undefined) parts.push({ type: "header", value: header.toLowerCase() });
    else return null;
  }
  const isPaired = /^[^{}]*(\{[^{}]*\}[^{}]*)*$/.test(text);
  return isPaired && parts.some(({ type }) => type !== "text") ? parts : null;
}
