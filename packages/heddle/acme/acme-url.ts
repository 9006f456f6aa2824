import { AcmeError } from "./acme-error.ts";

/**
 * A URL that the server gave, if it may be asked (threats 33). A server leads its clients from URL to URL, so one
 * that is not what it should be could make Heddle ask hosts of its own network: only the origin of the directory,
 * which the operator wrote, is ever asked.
 */
export function checkServerUrl(text: unknown, directory: URL, what: string): URL {
  const url = typeof text === "string" && text.length <= MAX_URL && URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw new AcmeError(`the server gives no URL for ${what}`);
  if (url.origin !== directory.origin || url.username !== "" || url.password !== "") {
    const where = `${url.protocol}//${url.host}`;
    throw new AcmeError(
      `the server gives a URL at ${where} for ${what}; only ${directory.origin}, the origin of its directory, is asked`,
    );
  }
  return url;
}

const MAX_URL = 2_048;
