/** Gathers writes of many exchanges, and sends them together. */
export interface TurnEnd {
  /** The sockets that were readable are worked off. */
  onTurnEnd(): void;
}

/** Two lists that take turns, so that none is made anew. */
let waiting: TurnEnd[] = [];
let spare: TurnEnd[] = [];

/**
 * Calls `target.onTurnEnd` once the reads of this turn of the event loop are worked off: an HTTP/2 connection gets what
 * many upstream connections brought as one write. The caller asks once a turn (bench/compare, h2 → HTTP/1.1).
 */
export function atTurnEnd(target: TurnEnd): void {
  if (waiting.push(target) === 1) setImmediate(endTurn);
}

function endTurn(): void {
  const targets = waiting;
  waiting = spare;
  for (let at = 0; at < targets.length; at++) targets[at].onTurnEnd();
  targets.length = 0;
  spare = targets;
}
