// The way back after signing in. It stands in the address, so anybody may have written it.

const HERE = "http://here.invalid";

/** `value` when it is a path of this site, else `otherwise`. */
export function localPath(value: string | null | undefined, otherwise = "/"): string {
  if (!value?.startsWith("/")) return otherwise;
  // Read as a browser would: it drops tabs, turns backslashes and resolves dots.
  const url = URL.canParse(value, HERE) ? new URL(value, HERE) : null;
  if (url?.origin !== HERE || url.pathname.startsWith("//")) return otherwise;
  return url.pathname + url.search + url.hash;
}
