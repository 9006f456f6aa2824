/** Content type of what `Exposition` writes. */
export const EXPOSITION_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type MetricType = "counter" | "gauge" | "histogram";

/** Label pairs as text without braces: `route="shop/catalog",rule="0"`. */
export type Labels = string;

/** One or more label pairs. A value may be any text. */
export function labels(pairs: readonly (readonly [name: string, value: string])[]): Labels {
  return pairs.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",");
}

function escapeLabel(value: string): string {
  return /["\\\n]/.test(value)
    ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
    : value;
}

/** All samples of one metric name: the format wants them together, so each family gathers its own text. */
export class Family {
  readonly name: string;
  readonly type: MetricType;
  private readonly head: string;
  private samples = "";

  constructor(name: string, type: MetricType, help: string) {
    this.name = name;
    this.type = type;
    this.head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  }

  /** A counter or gauge. */
  sample(own: Labels, value: number): void {
    this.samples += own === "" ? `${this.name} ${value}\n` : `${this.name}{${own}} ${value}\n`;
  }

  /** `counts`: of each bucket on its own, the one above the last bound included; `bounds` as they are written. */
  histogram(own: Labels, bounds: readonly string[], counts: ArrayLike<number>, sum: number): void {
    const before = own === "" ? `${this.name}_bucket{le="` : `${this.name}_bucket{${own},le="`;
    let below = 0;
    for (let i = 0; i < bounds.length; i++) {
      below += counts[i];
      this.samples += `${before}${bounds[i]}"} ${below}\n`;
    }
    below += counts[bounds.length];
    const after = own === "" ? "" : `{${own}}`;
    this.samples += `${before}+Inf"} ${below}\n`;
    this.samples += `${this.name}_sum${after} ${sum}\n${this.name}_count${after} ${below}\n`;
  }

  /** With its HELP and TYPE; "" when it has no samples. */
  get text(): string {
    return this.samples === "" ? "" : this.head + this.samples;
  }
}
