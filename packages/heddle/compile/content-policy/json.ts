import type { Member } from "./member.ts";

export const jsonMember: Member<"json"> = ({ duplicateNames, ...bounds }) => {
  const config = { ...bounds, allowsDuplicates: duplicateNames === "Allow" };
  return { filters: [{ stage: "content", spec: { name: "json-limits", config } }] };
};
