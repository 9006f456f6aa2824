import type { AuthorizationConfig, ConditionConfig } from "../../../compile/index.ts";

/** What may be done, and by whom, rule by rule; those that deny go first. */
export function authorizationEffect({ rules, isDryRun }: AuthorizationConfig): string {
  const ordered = [...rules].sort((a, b) => Number(a.action === "allow") - Number(b.action === "allow"));
  const all = ordered.map(({ name, action, conditions }) => {
    const when = conditions.length === 0 ? "everything" : conditions.map(conditionText).join(" and ");
    return `${action === "allow" ? "allows" : "denies"} (${name}) ${when}`;
  });
  const rest = rules.some(({ action }) => action === "allow") ? ["denies the rest"] : [];
  return `${isDryRun ? "dry run: " : ""}${[...all, ...rest].join("; ")}`;
}

function conditionText(condition: ConditionConfig): string {
  return `${condition.on}${"claim" in condition ? ` ${condition.claim.join(".")}` : ""}${"name" in condition ? ` ${condition.name}` : ""} ${condition.isNot ? "not " : ""}${valuesText(condition)}`;
}

function valuesText(condition: ConditionConfig): string {
  switch (condition.on) {
    case "client-address":
      return condition.ranges.join(", ");
    case "path":
      return condition.paths
        .map(({ type, value }) => (type === "exact" ? value : `${type} ${value}`))
        .join(", ");
    case "header":
      return condition.matches.map(({ value }) => value).join(", ") || "present";
    case "time":
      return `${condition.windows.length} windows`;
    default:
      return condition.values.join(", ") || "present";
  }
}
