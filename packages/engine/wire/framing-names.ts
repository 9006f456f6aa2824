import { NAME } from "../message/index.ts";

/** The last of the ids whose fields frame the message or the connection; they are the first of KNOWN_NAMES. */
export const LAST_FRAMING_ID = NAME.HTTP2_SETTINGS;
