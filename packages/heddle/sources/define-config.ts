import type { ResourceInput } from "../resources/index.ts";

/** What a heddle.config.ts exports as its default. */
export interface HeddleConfig {
  /** Resources of any kind, as they would stand in a YAML file. */
  readonly resources?: readonly ResourceInput[];
  /** `"shop.localhost/api": "http://127.0.0.1:3000"`, as `heddle run --route`, served on `--port`. */
  readonly routes?: Readonly<Record<string, string>>;
}

/** A configuration, or a function that makes one. */
export type HeddleConfigSource = HeddleConfig | (() => HeddleConfig | Promise<HeddleConfig>);

/** Gives the configuration back: it is there so that `tsc` and editors check it. */
export function defineConfig(config: HeddleConfigSource): HeddleConfigSource {
  return config;
}
