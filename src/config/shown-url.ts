/** An address as logs and settings show it: without user, password and query, which may be secret. */
export function shownUrl(address: string): string {
  const url = new URL(address);
  return `${url.protocol}//${url.host}${url.pathname === "/" ? "" : url.pathname}`;
}
