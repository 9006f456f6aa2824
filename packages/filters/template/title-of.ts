import { reasonOf } from "@heddle/engine/message";

/** What a status is called; "Error" or "Response" for one without a registered phrase. */
export function titleOf(status: number): string {
  return reasonOf(status) || (status >= 400 ? "Error" : "Response");
}
