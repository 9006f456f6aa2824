/** How commands end; docs/reference/cli.md tells users. */
export const exitCodes = {
  done: 0,
  /** Something is wrong with the configuration, or the machine does not let us. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
} as const;

/** Thrown for a mistake in the command line, told with a hint at `--help`. */
export class UsageError extends Error {}
