/** Texts, and beginnings of texts. */
export class TextSet {
  private readonly exact: ReadonlySet<string>;
  private readonly beginnings: readonly string[];

  /** One that ends with "*" stands for all that begin so. */
  constructor(values: readonly string[]) {
    this.exact = new Set(values.filter((value) => !value.endsWith("*")));
    this.beginnings = values.filter((value) => value.endsWith("*")).map((value) => value.slice(0, -1));
  }

  has(text: string): boolean {
    if (this.exact.has(text)) return true;
    for (const beginning of this.beginnings) if (text.startsWith(beginning)) return true;
    return false;
  }
}
