/** For a typed `heddle.config.ts`: `export default defineConfig({ resources: [ … ], routes: { … } })`. */
export { defineConfig } from "./sources/index.ts";
export type { HeddleConfig, HeddleConfigSource } from "./sources/index.ts";
export type { ResourceInput } from "./resources/index.ts";
