/** Longer texts of a configuration are cut here; `-o json` has them whole. */
const MAX_TEXT = 80;

const isGroup = (value: unknown): value is object => typeof value === "object" && value !== null;

/**
 * A value of a configuration in words: `http.path /healthz, http.expectedStatuses 200 204, interval 2s`. What is given
 * empty, so that its defaults hold, is its name alone, or `on` where it is all there is.
 */
export function formatValue(value: unknown): string {
  if (!isGroup(value)) return formatText(value);
  if (Array.isArray(value)) return value.length === 0 ? "none" : formatList(value);
  const parts = formatMembers(value, "");
  return parts.length === 0 ? "on" : parts.join(", ");
}

function formatMembers(group: object, path: string): string[] {
  return Object.entries(group).flatMap(([name, member]) => {
    const at = path + name;
    if (!isGroup(member)) return [`${at} ${formatText(member)}`];
    if (Array.isArray(member)) return [`${at} ${member.length === 0 ? "none" : formatList(member)}`];
    const parts = formatMembers(member, `${at}.`);
    return parts.length === 0 ? [at] : parts;
  });
}

/** `200 204`, `(weight 5, pause 2m) (weight 25, pause 5m)` */
const formatList = (members: readonly unknown[]): string =>
  members.map((member) => (isGroup(member) ? `(${formatValue(member)})` : formatText(member))).join(" ");

/** A text that would run into its neighbours is quoted. */
function formatText(value: unknown): string {
  if (typeof value !== "string") return String(value);
  const text = value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  return /^[^\s,"()]+$/.test(text) ? text : JSON.stringify(text);
}
