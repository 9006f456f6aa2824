/** How important a request is: the first are refused last while load is shed. */
export const PRIORITIES = ["Critical", "High", "Normal", "Low"] as const;
export type PriorityName = (typeof PRIORITIES)[number];

/** A place in `PRIORITIES`. */
export type Priority = number;
