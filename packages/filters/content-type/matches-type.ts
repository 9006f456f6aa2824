/**
 * Whether a Content-Type is among media types: itself, "text/*", or by its suffix "+json". Streams of events, which stay
 * for hours, are meant by their own name alone.
 */
export function matchesType(contentType: string, types: readonly string[]): boolean {
  const end = contentType.indexOf(";");
  const type = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  if (type === "text/event-stream") return types.includes(type);
  const kind = `${type.slice(0, type.indexOf("/"))}/*`;
  const plus = type.lastIndexOf("+");
  const suffix = plus < 0 ? "" : type.slice(plus);
  return types.some((one) => one === type || one === kind || (suffix !== "" && one === suffix));
}
