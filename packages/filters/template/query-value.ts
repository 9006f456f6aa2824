/** The first value of a parameter of a query ("?a=1&b=2"), decoded; "" where there is none or it cannot be decoded. */
export function queryValue(query: string, name: string): string {
  for (const pair of query.slice(1).split("&")) {
    const at = pair.indexOf("=");
    const found = decodePart(at < 0 ? pair : pair.slice(0, at));
    if (found === name) return at < 0 ? "" : (decodePart(pair.slice(at + 1)) ?? "");
  }
  return "";
}

/** A name or a value of a form or a query: "+" is a blank. Null for a broken escape. */
export function decodePart(text: string): string | null {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}
