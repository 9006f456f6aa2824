import { watch, type FSWatcher } from "node:fs";
import path from "node:path";

/** An editor writes a file in several steps: how long it has to be quiet, and how long a change waits at most. */
const quietMs = 30;
const longestWaitMs = 500;
/** Watches miss changes: files behind links, network file systems, limits of the system. */
const pollMs = 2_000;

/**
 * What can change a configuration: its files, folders and links (no extension, or "..data" of a mounted ConfigMap).
 * Not what else is written beside it: an access log there would wake us with every chunk.
 */
function mayMatter(name: string): boolean {
  const extension = path.extname(name);
  return extension === "" || name.startsWith("..") || /^\.(?:ya?ml|json|[cm]?[jt]s)$/i.test(extension);
}

/** Calls back soon after something in the followed folders may have changed, and every two seconds in any case. */
export class FileWatcher {
  private readonly onChange: () => void;
  private readonly poll: NodeJS.Timeout;
  private watchers = new Map<string, FSWatcher>();
  private quiet: NodeJS.Timeout | undefined;
  private firstMs = 0;

  constructor(onChange: () => void) {
    this.onChange = onChange;
    this.poll = setInterval(onChange, pollMs).unref();
  }

  /** The folders to watch from now on. One that cannot be watched is left to the poll. */
  follow(folders: readonly string[]): void {
    const wanted = new Set(folders);
    for (const [folder, watcher] of this.watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of wanted) if (!this.watchers.has(folder)) this.open(folder);
  }

  close(): void {
    clearInterval(this.poll);
    clearTimeout(this.quiet);
    this.follow([]);
  }

  private open(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || mayMatter(name)) this.stir();
      });
      // A folder that was removed and made again needs a new watch, which the next reading opens.
      watcher.on("error", () => this.drop(folder));
      this.watchers.set(folder, watcher);
    } catch {
      // Not there, or no watches left: the poll sees it.
    }
  }

  private drop(folder: string): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
    this.stir();
  }

  /** Something may have changed, or will in a moment. */
  stir(): void {
    const nowMs = performance.now();
    if (this.quiet === undefined) this.firstMs = nowMs;
    clearTimeout(this.quiet);
    const waitMs = Math.max(0, Math.min(quietMs, this.firstMs + longestWaitMs - nowMs));
    this.quiet = setTimeout(() => {
      this.quiet = undefined;
      this.onChange();
    }, waitMs).unref();
  }
}
