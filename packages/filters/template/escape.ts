const htmlEscapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** For the text of an element, and for an attribute in quotes. */
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"'`]/g, (one) => htmlEscapes[one]!);

/** For the inside of a string in JSON; "<" too, so that a script element of a page may hold it. */
export const escapeJsonText = (text: string): string =>
  JSON.stringify(text.toWellFormed()).slice(1, -1).replaceAll("<", "\\u003c");

/** For one segment of a path, and for a name or a value of a query. */
export const escapeUri = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Without any control: a line stays one line. */
// oxlint-disable-next-line no-control-regex
export const escapePlain = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f]/g, " ");

export const asItIs = (text: string): string => text;
