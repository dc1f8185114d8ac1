/** One configured Marathon; the URL has no userinfo and a path without a slash at its end. */
export interface Member {
  readonly url: URL;
  /** For logs and status: no credentials, no query. */
  readonly shown: string;
  /** The `user:password` that stood in the URL. */
  readonly login: string | undefined;
}

/** Takes configured URLs apart; throws on one that is not http or https, or on none at all. */
export function toMembers(urls: readonly URL[]): readonly [Member, ...Member[]] {
  const [first, ...others] = urls.map(toMember);
  if (first === undefined) throw new TypeError("marathon source: no endpoint configured");
  return [first, ...others];
}

/** The URL of an API path, below the path the member is mounted at. */
export function apiUrl({ url }: Member, path: string, query: URLSearchParams): URL {
  const target = new URL(url);
  target.pathname = `${url.pathname === "/" ? "" : url.pathname}${path}`;
  target.search = query.toString();
  return target;
}

/** The configured member at this URL's host and port, else one at its host; undefined for a foreign host. */
export function memberAt(members: readonly Member[], { host, hostname }: URL): Member | undefined {
  return (
    members.find((member) => member.url.host === host) ??
    members.find((member) => member.url.hostname === hostname)
  );
}

/** The URL a redirect leads to; undefined when it is unreadable, no HTTP, or gives up TLS. */
export function redirectTarget(from: URL, location: string | undefined): URL | undefined {
  if (location === undefined) return undefined;
  const target = URL.parse(location, from);
  if (target === null || !isHttp(target)) return undefined;
  if (from.protocol === "https:" && target.protocol === "http:") return undefined;
  target.username = "";
  target.password = "";
  target.hash = "";
  return target;
}

/** True for a status that asks to look elsewhere. */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function toMember(configured: URL): Member {
  const url = new URL(configured);
  if (!isHttp(url))
    throw new TypeError(`marathon source: ${url.protocol} is neither http nor https`);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  url.search = "";
  url.hash = "";
  url.pathname = url.pathname.replace(/\/+$/, "");
  const login = username === "" ? undefined : `${decoded(username)}:${decoded(password)}`;
  return { url, shown: url.href.replace(/\/$/, ""), login };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign is no escape: it is meant as it stands.
    return text;
  }
}

function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}
