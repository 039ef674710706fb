// sitepub router, version 2
//
// Leads the visitors of each host to a folder of its bucket (a slot) that holds one release, whole. Which slot, says the
// environment variable of the host: JSON, written by sitepub (route.py has its members). One change of that variable
// moves all visitors at once; cached answers carry the release in their key, so nothing has to be purged.
// A host without a variable is not touched. If this function fails, the bucket's root answers: the stable release.
//
// Used of the runtime (EdgeOne, edge functions, runtime APIs): addEventListener, FetchEvent, fetch with `redirect` and
// `eo.cacheKey`, Headers, Request, Response, URL, and request.eo.clientIp. Assumed, because no document says it:
// - environment variables can be read as properties of globalThis, as other global variables can;
// - fetch of the visitor's own host with another path asks cache and origin, and starts no function again;
// - a range and the conditions of a request are answered by the cache, as they are without a function;
// - what fetch answers is compressed for the visitor, or was already, as without a function.
// Without these the site still answers, from the bucket's root.

const VISITOR = "sitepub-visitor";
const RELEASE = "sitepub-release";
const NUMBERS = 10000;
const WEEK = 7 * 24 * 3600;
const SHORTEST_ID = 8;
// Who is no visitor. Crawlers and programs see the stable release; a program may ask for another.
const CRAWLERS = new RegExp([
  "(?:^|[^u]|[^c]u)bot", "crawl|spider|headless|lighthouse|preview|scan|monitor|synthetic|agent|playwright|selenium|PTST",
  "https?:", "compatible; (?!MSIE)", "\\w\\.(?:com|org|net)\\b", // an address to complain to
].join("|"), "i");
const PROGRAMS = new RegExp("^(?!Mozilla|Opera).*(?:http|curl|wget|python|java|php|perl|lwp|ruby|axios|client|fetch|link"
  + "|site|web|url|rss|feed|news|tool|uptime|ping|hook|service|index|search|check|valid|archiv|image|proxy|favicon"
  + "|cloud|google|whatsapp|viber|facebook|meta-|\\bai\\b|@)", "i");
const SELECTING = ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

addEventListener("fetch", (event) => {
  if (event.passThroughOnException) event.passThroughOnException();
  event.respondWith(answer(event.request).catch(() => fetch(event.request)));
});

async function answer(request) {
  const url = new URL(request.url);
  const route = routeOf(url.hostname);
  if (!route) return fetch(request);
  if (!route.live) return gone(request.method);
  if (request.method !== "GET" && request.method !== "HEAD") return finished(await fetch(request), route);
  const elsewhere = redirected(request.method, url, route);
  if (elsewhere) return finished(elsewhere, route);
  const choice = chosen(request, url, route);
  const response = await found(request, url, route, choice.slots);
  return finished(response, route, choice);
}

// Routes

// The route of a host, else that of the wildcard above it.
function routeOf(host) {
  const name = host.toLowerCase();
  return variable(name) || variable("*." + name.slice(name.indexOf(".") + 1));
}

function variable(host) {
  const name = "SITE_" + host.replace(/-/g, "__").replace("*", "ANY").replace(/\./g, "_");
  const value = globalThis[name];
  return typeof value === "string" ? JSON.parse(value) : value;
}

// Which release a visitor gets

// `slots`: the one that this visitor gets, then those in which an open tab may still find its files. `cookies`: to be
// set. `own`: another visitor may get something else at this address.
function chosen(request, url, route) {
  const agent = request.headers.get("user-agent") || "";
  const crawler = CRAWLERS.test(agent);
  const had = cookiesOf(request);
  const cookies = [];
  const choice = (slot, own) => ({ slots: withOthers(slot, route), cookies, own });

  const asked = url.searchParams.get(RELEASE);
  if (asked !== null) url.searchParams.delete(RELEASE);
  if (!crawler) {
    const tested = slotOf(route, asked !== null ? asked : had[RELEASE] || "");
    if (tested && asked !== null) cookies.push(`${RELEASE}=${tested.release}`);
    if (tested) return choice(tested, true);
    if (asked === "") cookies.push(`${RELEASE}=; Max-Age=0`);
  }
  if (crawler || PROGRAMS.test(agent)) return choice(route.live, false);

  // The cookie names the visitor's number and the release of the last page. Files come from where the page came from,
  // also when the share is raised or ends in between.
  const page = isPage(request, url);
  const said = /^(\d{1,4})\.([\w-]+)$/.exec(had[VISITOR] || "");
  const bound = said && !page && slotOf(route, said[2]);
  if (bound) return choice(bound, true);
  const share = route.share;
  if (!share) {
    if (page && VISITOR in had) cookies.push(`${VISITOR}=; Max-Age=0`);
    return choice(route.live, false);
  }
  const number = said ? Number(said[1]) : numberOf(request, agent);
  // Each number is drawn once, and each share draws in its own order: raising a share takes nobody out, and the next
  // one is not for the same visitors again.
  const drawn = (number + hash(share.slot.release)) % NUMBERS;
  const slot = drawn < share.part * NUMBERS ? share.slot : route.live;
  const value = `${number}.${slot.release}`;
  if (page && had[VISITOR] !== value) cookies.push(`${VISITOR}=${value}; Max-Age=${WEEK}`);
  return choice(slot, true);
}

// The slot that holds a release, by its id or a beginning of it.
function slotOf(route, id) {
  if (id.length < SHORTEST_ID) return undefined;
  const all = [route.live, route.share && route.share.slot, route.before && route.before.slot, ...(route.others || [])];
  return all.find((slot) => slot && slot.release.startsWith(id));
}

function withOthers(slot, route) {
  const more = [route.live];
  if (route.share) more.push(route.share.slot);
  if (route.before && Date.now() < route.before.until * 1000) {
    more.push(route.before.slot, ...(route.before.more || []));
  }
  return [slot, ...more.filter((one) => one.path !== slot.path)];
}

// A number from 0 to 9999 that stays the same for one visitor without a cookie: a page and its files come from one
// release also for those who refuse cookies. The day is no part of it: at midnight a page would get files of the other.
function numberOf(request, agent) {
  return hash(`${(request.eo && request.eo.clientIp) || ""}\n${agent}`) % NUMBERS;
}

// FNV-1a, then the last step of MurmurHash3, which spreads what differs in few letters.
function hash(text) {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function cookiesOf(request) {
  const cookies = {};
  for (const pair of (request.headers.get("cookie") || "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0) cookies[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return cookies;
}

// Browsers say what they want the answer for. Where nothing is said, a path without an ending is that of a page.
function isPage(request, url) {
  const use = request.headers.get("sec-fetch-dest");
  if (use) return /^(?:document|iframe|frame)$/.test(use);
  const accept = request.headers.get("accept") || "*/*";
  return accept.includes("text/html") || (accept === "*/*" && !isAsset(url.pathname));
}

// What is found in a slot

async function found(request, url, route, slots) {
  let response = await inSlot(request, url, slots[0]);
  if (response.status !== 404 && response.status !== 403) return response;
  for (const slot of isAsset(url.pathname) ? slots.slice(1) : []) {
    const older = await inSlot(request, url, slot);
    if (older.status < 400) return older;
  }
  return missing(request, url, route, slots[0], response.status);
}

// The answer of a slot to the visitor's path, as if the slot were the bucket.
async function inSlot(request, url, slot) {
  const response = await fetched(request, url, slot, url.pathname.slice(1) + url.search, request.headers);
  const location = response.status >= 300 && response.status < 400 && response.headers.get("location");
  if (!location) return response;
  return changed(response, response.status, { Location: outside(location, url, slot) });
}

function fetched(request, url, slot, path, headers) {
  const sent = new Headers(headers);
  sent.delete("cookie");
  return fetch(`${url.origin}/${slot.path}${path}`, {
    method: request.method,
    headers: sent,
    redirect: "manual",
    eo: { cacheKey: `${url.host}/${slot.release}/${slot.path}${path}` },
  });
}

// Where a redirect leads, without the slot: the bucket's own address is that of the site. Other addresses stay.
function outside(location, url, slot) {
  const target = new URL(location, url);
  if (target.host !== url.host && !/\.cos-website\./.test(target.host)) return location;
  const within = "/" + slot.path;
  const path = target.pathname.startsWith(within) ? target.pathname.slice(within.length - 1) : target.pathname;
  return (path.startsWith("//") ? url.origin : "") + path + target.search + target.hash;
}

// Of a preview: the bucket's own redirect rules are for the paths of the site.
function redirected(method, url, route) {
  const path = decoded(url.pathname).slice(1);
  const [prefix, to, whole] = (route.redirects || []).find((rule) => path.startsWith(rule[0])) || [];
  if (to === undefined) return undefined;
  const target = "/" + (whole ? to : to + path.slice(prefix.length)).replace(/^\/+/, "");
  return changed(short(method, 302), 302, { Location: encodeURI(target).replace(/[?#]/g, encodeURIComponent) });
}

function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // no encoding of text
  }
}

// A file that a page asks for, by its ending; everything else may be a page.
function isAsset(path) {
  return /\.(?!html?$)[^./]+$/i.test(path);
}

// The error document of the slot. The bucket's own would be that of its root.
async function missing(request, url, route, slot, status) {
  const shown = route.error_status === 200 ? 200 : status;
  if (route.error) {
    const sent = new Headers(request.headers);
    if (shown !== 200) SELECTING.forEach((name) => sent.delete(name));
    const path = route.error.split("/").map(encodeURIComponent).join("/");
    const page = await fetched(request, url, slot, path, sent);
    if (page.status < 400) return page.status === 200 ? changed(page, shown, {}) : page;
  }
  return short(request.method, status);
}

// Answers

function gone(method) {
  return changed(short(method, 404), 404, { "X-Robots-Tag": "noindex" });
}

function short(method, status) {
  const text = `${status} ${{ 302: "Found", 404: "Not Found" }[status] || "Forbidden"}`;
  const body = `<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>${text}</title><h1>${text}</h1></html>\n`;
  return new Response(method === "HEAD" ? null : body, {
    status,
    headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache" },
  });
}

function finished(response, route, choice) {
  const more = route.hidden ? { "X-Robots-Tag": "noindex" } : {};
  const cookies = choice ? choice.cookies : [];
  const caching = response.headers.get("cache-control") || "";
  if (cookies.length) more["Cache-Control"] = "private, no-store"; // no cache may give it to another visitor
  // A file under the same name may be another in the other release. One that never changes has a hash in its name.
  else if (choice && choice.own && !/immutable|no-store/i.test(caching)) more["Cache-Control"] = "private, no-cache";
  if (!Object.keys(more).length && !cookies.length) return response;
  const answer = changed(response, response.status, more);
  for (const one of cookies) answer.headers.append("Set-Cookie", `${one}; Path=/; Secure; SameSite=Lax`);
  return answer;
}

// With other headers, or another status. Tencent's own samples set headers of what fetch answered, so its body stays as
// it is; runtimes that do not allow that get a copy.
function changed(response, status, more) {
  if (status === response.status) {
    try {
      for (const name of Object.keys(more)) response.headers.set(name, more[name]);
      return response;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  const headers = new Headers(response.headers);
  for (const name of Object.keys(more)) headers.set(name, more[name]);
  return new Response(response.body, { status, headers });
}
