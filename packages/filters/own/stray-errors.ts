import { AsyncLocalStorage } from "node:async_hooks";

/** Whom what a filter started belongs to, however long after its phase it goes on. */
export interface FilterOwner {
  /** Of the version that it is of; "" where it is of none. */
  readonly code: string;
  /** What it left behind failed: a promise that nobody waits for, a timer's callback. */
  onStray(error: unknown): void;
}

/** Entered around every call into a filter's code; promises and timers that it makes remember it. */
export const filterScope = new AsyncLocalStorage<FilterOwner | undefined>();

/** The newest of each version: for errors that forgot where they came from. */
const owners = new Map<string, FilterOwner>();
let isWatching = false;

/**
 * From the first filter on, errors that a filter lets go are told to it, and do not end the thread. Those of nobody end it
 * as before: its state may be broken.
 */
export function watchStrayErrors(owner: FilterOwner): void {
  if (owner.code !== "") owners.set(owner.code, owner);
  if (isWatching) return;
  isWatching = true;
  process.on("unhandledRejection", settle);
  process.on("uncaughtException", settle);
}

function settle(error: unknown): void {
  const owner = filterScope.getStore() ?? ownerInStack(error);
  if (owner === undefined) {
    process.off("unhandledRejection", settle);
    process.off("uncaughtException", settle);
    throw error;
  }
  owner.onStray(error);
}

function ownerInStack(error: unknown): FilterOwner | undefined {
  const code = /\?heddle=([\w-]+)/.exec(stackOf(error))?.[1];
  return code === undefined ? undefined : owners.get(code);
}

function stackOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.stack) : "";
  } catch {
    return "";
  }
}
