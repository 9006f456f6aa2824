import path from "node:path";

/** The root of the checkout. */
export const root = path.join(import.meta.dirname, "..");

/** The command of a development dependency. */
export const binPath = (name: string): string => path.join(root, "node_modules/.bin", name);

/** Paths that hold no source of ours: what was installed or built, and what tests read. */
export const isNoSource = (name: string): boolean => /(^|\/)(node_modules|dist|testdata)(\/|$)/.test(name);
