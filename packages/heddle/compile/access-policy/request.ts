import type { MediaRange } from "@heddle/filters";
import type { Member } from "./member.ts";

/** What requests may carry. */
export const requestMember: Member<"request"> = ({ maxBodyBytes = -1, contentTypes = [] }) => {
  if (maxBodyBytes < 0 && contentTypes.length === 0) return null;
  const config = { maxBodyBytes, contentTypes: contentTypes.map(parseRange) };
  return { filters: [{ stage: "content", spec: { name: "request-limits", config } }] };
};

/** "application/*+json" is a suffix, "application/vnd.a+json" a type of its own. */
function parseRange(text: string): MediaRange {
  const [type = "", subtype = ""] = text.toLowerCase().split("/");
  if (subtype.startsWith("*+")) return { type, subtype: "", suffix: subtype.slice(2) };
  return { type, subtype: subtype === "*" ? "" : subtype, suffix: "" };
}
