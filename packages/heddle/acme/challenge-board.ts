import type { AcmeChallengeUnit } from "@heddle/engine/model";

/** The challenges that are to be answered now. */
export class ChallengeBoard {
  private readonly refresh: () => Promise<void>;
  private readonly posted = new Map<string, AcmeChallengeUnit>();

  /** `refresh` resolves when every worker has what `units` gives. */
  constructor(refresh: () => Promise<void>) {
    this.refresh = refresh;
  }

  get units(): readonly AcmeChallengeUnit[] {
    return [...this.posted.values()];
  }

  publish(units: readonly AcmeChallengeUnit[]): Promise<void> {
    for (const unit of units) this.posted.set(unit.name, unit);
    return this.refresh();
  }

  retract(units: readonly AcmeChallengeUnit[]): void {
    let isChanged = false;
    // Two certificates may share a name: what the other one posted since stays.
    for (const unit of units) {
      if (this.posted.get(unit.name) === unit) isChanged = this.posted.delete(unit.name);
    }
    if (isChanged) void this.refresh();
  }
}
