import { everyItem, rule, type Rule } from "../schema/rule.ts";

interface TypedFilter {
  type: string;
}

/** Each type of filter has its settings in a field of its own, there when and only when the type is given. */
export function settingsRules(fieldByType: Readonly<Record<string, string>>): Rule[] {
  return Object.entries(fieldByType).flatMap(([type, field]) => [
    rule<TypedFilter>(
      `${field}-only-for-its-type`,
      `filter.${field} must be nil if the filter.type is not ${type}`,
      (self) => !Object.hasOwn(self, field) || self.type === type,
    ),
    rule<TypedFilter>(
      `${field}-for-its-type`,
      `filter.${field} must be specified for ${type} filter.type`,
      (self) => Object.hasOwn(self, field) || self.type !== type,
    ),
  ]);
}

/** A rule has at most one filter of the type. */
export function notRepeated(type: string): Rule {
  return everyItem<TypedFilter>(
    `${type}-not-repeated`,
    `${type} filter cannot be repeated`,
    (item, list) => item.type !== type || list.find((other) => other.type === type) === item,
  );
}
