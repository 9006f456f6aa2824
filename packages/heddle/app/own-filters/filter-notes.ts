import type { FilterNote } from "@heddle/filters/own";
import type { Log } from "@heddle/engine/runtime";

/** All workers say the same of a filter: once in this time is enough. */
const QUIET_MS = 10_000;

/** Writes what workers tell of filters of the user's into the process's log, each thing of a filter now and then. */
export class FilterNotes {
  private readonly log: Log;
  private readonly told = new Map<string, number>();

  constructor(log: Log) {
    this.log = log;
  }

  /** Of topic `filterNoteTopic`. */
  take(subject: string): void {
    const note = JSON.parse(subject) as FilterNote;
    const id = `${note.filter} ${note.what}`;
    const nowMs = performance.now();
    if (nowMs - (this.told.get(id) ?? -Infinity) < QUIET_MS) return;
    this.told.set(id, nowMs);
    const { filter, phase, times } = note;
    if (note.what === "failed") {
      this.log("error", "a filter failed", { filter, phase, cause: note.message, times });
    } else {
      const mend = "give long work to a service, or raise spec.budget of the Filter";
      this.log("warn", `a filter kept its worker for ${note.tookMs} ms; ${mend}`, { filter, phase, times });
    }
  }
}
