// The globals of an edge function, as EdgeOne's runtime APIs describe them, for an engine that has the language alone.
//
// Nothing here reaches the computer: what a function wants of the world (an answer of fetch, a digest, a body) is put
// in a queue as JSON, which the embedded edge reads, carries out or refuses, and answers. Members that no document
// names (Response.json, Headers.getSetCookie, timers) are missing, so no function comes to rely on them.
// Bodies that are only passed on stay outside, and are known here by a number.

(() => {
  "use strict";

  const queue = [];
  const waiting = new Map();
  const listeners = [];
  let calls = 0;

  function ask(message) {
    return new Promise((resolve, reject) => {
      const call = ++calls;
      waiting.set(call, { resolve, reject });
      queue.push({ ...message, call });
    });
  }

  const define = (members) => {
    for (const name of Object.keys(members)) {
      Object.defineProperty(globalThis, name, { value: members[name], writable: true, configurable: true });
    }
  };

  // Text

  function utf8(text) {
    const bytes = [];
    for (const character of String(text)) {
      let code = character.codePointAt(0);
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | code >> 6, 0x80 | code & 63);
      else if (code < 0x10000) bytes.push(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
      else bytes.push(0xf0 | code >> 18, 0x80 | code >> 12 & 63, 0x80 | code >> 6 & 63, 0x80 | code & 63);
    }
    return Uint8Array.from(bytes);
  }

  function fromUtf8(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length;) {
      const first = bytes[at];
      const size = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3
        : first >= 0xf0 && first < 0xf5 ? 4 : 0;
      let code = size === 1 ? first : first & (0xff >> size + 1);
      let read = 1;
      while (read < size && at + read < bytes.length && (bytes[at + read] & 0xc0) === 0x80) {
        code = code << 6 | bytes[at + read++] & 63;
      }
      const wrong = !size || read < size || (size === 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff)))
        || (size === 4 && (code < 0x10000 || code > 0x10ffff));
      text += wrong ? "\ufffd" : String.fromCodePoint(code);
      at += read;
    }
    return text;
  }

  const bytesOf = (value) => value instanceof ArrayBuffer ? new Uint8Array(value)
    : ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : utf8(value);
  const latin = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const fromLatin = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

  class TextEncoder {
    get encoding() { return "utf-8"; }
    encode(text = "") { return utf8(text); }
  }

  class TextDecoder {
    get encoding() { return "utf-8"; }
    decode(bytes = new Uint8Array(0)) { return fromUtf8(bytesOf(bytes)); }
  }

  // URL (the WHATWG's rules, for http and https)

  const escaped = (bytes) => Array.from(bytes, (byte) => "%" + byte.toString(16).toUpperCase().padStart(2, "0")).join("");
  const encode = (text, kept) => Array.from(text, (one) =>
    one > "\x20" && one < "\x7f" && !kept.includes(one) ? one : escaped(utf8(one))).join("");
  const PATH = "\"#<>?`{}^";
  const QUERY = "\"#<>'";
  const FRAGMENT = "\"<>`";

  function parsed(text, base) {
    const input = text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "").replace(/[\t\n\r]/g, "");
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(input);
    if (!scheme || (base && scheme[1].toLowerCase() + ":" === base.protocol && !/^[/\\]/.test(input.slice(scheme[0].length)))) {
      if (!base) throw new TypeError("Invalid URL: " + text);
      return relative(scheme ? input.slice(scheme[0].length) : input, base);
    }
    const protocol = scheme[1].toLowerCase() + ":";
    if (protocol !== "http:" && protocol !== "https:") throw new TypeError("Invalid URL: " + text);
    return absolute(protocol, input.slice(scheme[0].length).replace(/^[/\\]+/, ""), text);
  }

  function absolute(protocol, rest, text) {
    const end = rest.search(/[/\\?#]/);
    const authority = end < 0 ? rest : rest.slice(0, end);
    const at = authority.lastIndexOf("@");
    const place = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]*)(?::(\d*))?$/.exec(authority.slice(at + 1));
    if (!place || !place[1] || /[\0-\x20#%/<>?@\\^|]/.test(place[1]) || Number(place[2] || 0) > 65535) {
      throw new TypeError("Invalid URL: " + text);
    }
    const port = place[2] && Number(place[2]) !== (protocol === "http:" ? 80 : 443) ? String(Number(place[2])) : "";
    return { protocol, hostname: place[1].toLowerCase(), port, ...tail(end < 0 ? "" : rest.slice(end), []) };
  }

  function relative(input, base) {
    const kept = { protocol: base.protocol, hostname: base.hostname, port: base.port };
    if (/^[/\\]{2}/.test(input)) return absolute(base.protocol, input.replace(/^[/\\]+/, ""), input);
    if (/^[/\\]/.test(input)) return { ...kept, ...tail(input, []) };
    if (input === "" || input[0] === "#") {
      return { ...kept, pathname: base.pathname, search: base.search, hash: tail(input, []).hash };
    }
    const folders = base.pathname.split("/").slice(1, -1);
    if (input[0] === "?") return { ...kept, ...tail(input, []), pathname: base.pathname };
    return { ...kept, ...tail(input, folders) };
  }

  function tail(rest, folders) {
    const [, path, query, , fragment] = /^([^?#]*)(\?[^#]*)?(#([\s\S]*))?$/.exec(rest);
    const parts = path.replace(/\\/g, "/").split("/");
    if (parts[0] === "" && parts.length > 1) parts.shift();
    const found = [...folders];
    parts.forEach((part, number) => {
      const dots = part.replace(/%2e/gi, ".");
      const last = number === parts.length - 1;
      if (dots === "..") found.pop();
      if (dots === "." || dots === "..") { if (last) found.push(""); } else found.push(encode(part, PATH));
    });
    return {
      pathname: "/" + found.join("/"),
      search: query ? "?" + encode(query.slice(1), QUERY) : "",
      hash: fragment === undefined ? "" : "#" + encode(fragment, FRAGMENT),
    };
  }

  const formDecoded = (text) => {
    const bytes = [];
    const raw = utf8(text.replace(/\+/g, " "));
    for (let at = 0; at < raw.length; at++) {
      const hex = raw[at] === 37 ? latin(raw.slice(at + 1, at + 3)) : "";
      if (/^[0-9A-Fa-f]{2}$/.test(hex)) { bytes.push(parseInt(hex, 16)); at += 2; } else bytes.push(raw[at]);
    }
    return fromUtf8(bytes);
  };
  const formEncoded = (text) => Array.from(text, (one) => one === " " ? "+"
    : /[A-Za-z0-9*._-]/.test(one) && one.length === 1 ? one : escaped(utf8(one))).join("");

  class URLSearchParams {
    #pairs = [];
    #changed;
    constructor(init = "", changed = () => {}) {
      this.#changed = changed;
      if (typeof init === "object" && init !== null) {
        const pairs = typeof init[Symbol.iterator] === "function" ? [...init] : Object.entries(init);
        this.#pairs = pairs.map(([name, value]) => [String(name), String(value)]);
        return;
      }
      for (const pair of String(init).replace(/^\?/, "").split("&")) {
        const at = pair.indexOf("=");
        const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
        if (pair) this.#pairs.push([formDecoded(name), formDecoded(value)]);
      }
    }
    append(name, value) { this.#pairs.push([String(name), String(value)]); this.#changed(this); }
    delete(name) { this.#pairs = this.#pairs.filter((pair) => pair[0] !== String(name)); this.#changed(this); }
    get(name) { const pair = this.#pairs.find((one) => one[0] === String(name)); return pair ? pair[1] : null; }
    getAll(name) { return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]); }
    has(name) { return this.#pairs.some((pair) => pair[0] === String(name)); }
    set(name, value) {
      const first = this.#pairs.find((pair) => pair[0] === String(name));
      if (!first) return this.append(name, value);
      first[1] = String(value);
      this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== String(name));
      return this.#changed(this);
    }
    sort() { this.#pairs.sort((one, other) => one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0); this.#changed(this); }
    forEach(callback) { for (const [name, value] of this.#pairs) callback(value, name, this); }
    entries() { return this.#pairs.map((pair) => [...pair])[Symbol.iterator](); }
    keys() { return this.#pairs.map((pair) => pair[0])[Symbol.iterator](); }
    values() { return this.#pairs.map((pair) => pair[1])[Symbol.iterator](); }
    [Symbol.iterator]() { return this.entries(); }
    toString() { return this.#pairs.map((pair) => pair.map(formEncoded).join("=")).join("&"); }
  }

  class URL {
    #parts;
    #params;
    constructor(url, base) {
      this.#parts = parsed(String(url), base === undefined ? undefined : parsed(String(base)));
      this.#fresh();
    }
    #fresh() {
      this.#params = new URLSearchParams(this.#parts.search, (params) => {
        const text = params.toString();
        this.#parts.search = text ? "?" + text : "";
      });
    }
    get protocol() { return this.#parts.protocol; }
    get hostname() { return this.#parts.hostname; }
    get port() { return this.#parts.port; }
    get host() { return this.hostname + (this.port ? ":" + this.port : ""); }
    get origin() { return this.protocol + "//" + this.host; }
    get username() { return ""; }
    get password() { return ""; }
    get pathname() { return this.#parts.pathname; }
    set pathname(value) { this.#parts.pathname = tail(String(value).replace(/[?#]/g, (one) => escaped(utf8(one))), []).pathname; }
    get search() { return this.#parts.search === "?" ? "" : this.#parts.search; }
    set search(value) {
      const query = String(value).replace(/^\?/, "");
      this.#parts.search = query ? "?" + encode(query, QUERY) : "";
      this.#fresh();
    }
    get searchParams() { return this.#params; }
    get hash() { return this.#parts.hash === "#" ? "" : this.#parts.hash; }
    set hash(value) { const text = String(value).replace(/^#/, ""); this.#parts.hash = text ? "#" + encode(text, FRAGMENT) : ""; }
    get href() { return this.origin + this.pathname + this.#parts.search + this.#parts.hash; }
    set href(value) { this.#parts = parsed(String(value)); this.#fresh(); }
    toString() { return this.href; }
    toJSON() { return this.href; }
  }

  // Headers

  const named = (name) => {
    const text = String(name).toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(text)) throw new TypeError("Invalid header name: " + name);
    return text;
  };
  const valued = (value) => {
    const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
    if (/[\0\r\n]/.test(text)) throw new TypeError("Invalid header value");
    return text;
  };

  class Headers {
    #values = new Map();
    constructor(init) {
      if (init === undefined || init === null) return;
      const pairs = typeof init[Symbol.iterator] === "function" ? init : Object.entries(init);
      for (const [name, value] of pairs) this.append(name, value);
    }
    append(name, value) {
      const key = named(name);
      this.#values.set(key, [...(this.#values.get(key) || []), valued(value)]);
    }
    delete(name) { this.#values.delete(named(name)); }
    get(name) { const found = this.#values.get(named(name)); return found ? found.join(", ") : null; }
    has(name) { return this.#values.has(named(name)); }
    set(name, value) { this.#values.set(named(name), [valued(value)]); }
    // In the order that EdgeOne's document gives the arguments: browsers have them the other way round.
    forEach(callback) { for (const [name, value] of this) callback(name, value); }
    entries() {
      return [...this.#values.keys()].sort().flatMap((name) => name === "set-cookie"
        ? this.#values.get(name).map((value) => [name, value]) : [[name, this.get(name)]])[Symbol.iterator]();
    }
    keys() { return [...this.entries()].map((pair) => pair[0])[Symbol.iterator](); }
    values() { return [...this.entries()].map((pair) => pair[1])[Symbol.iterator](); }
    [Symbol.iterator]() { return this.entries(); }
  }

  // Bodies

  class ReadableStream {
    #number;
    used = false;
    constructor(number) {
      if (typeof number !== "number") throw new TypeError("Streams are only passed on here");
      this.#number = number;
    }
    get locked() { return this.used; }
    static number(stream) { return stream.#number; }
  }

  class Body {
    #content;
    #used = false;
    constructor(content) {
      const whole = content === null || content === undefined ? null : content instanceof ReadableStream ? content
        : content instanceof URLSearchParams ? utf8(content.toString()) : bytesOf(content);
      if (whole instanceof ReadableStream && whole.used) throw new TypeError("The body was used already");
      this.#content = whole;
    }
    get body() {
      if (this.#content instanceof Uint8Array) this.#content = new ReadableStream(store(this.#content));
      return this.#content;
    }
    get bodyUsed() { return this.#used || (this.#content instanceof ReadableStream && this.#content.used); }
    static taken(one) {
      if (one.bodyUsed) throw new TypeError("The body was used already");
      one.#used = true;
      if (one.#content instanceof ReadableStream) {
        one.#content.used = true;
        return { stream: ReadableStream.number(one.#content) };
      }
      return one.#content === null ? {} : { text: latin(one.#content) };
    }
    async #bytes() {
      const content = Body.taken(this);
      const text = content.stream === undefined ? content.text || "" : await ask({ kind: "read", stream: content.stream });
      return fromLatin(text);
    }
    async arrayBuffer() { return (await this.#bytes()).buffer; }
    async text() { return fromUtf8(await this.#bytes()); }
    async json() { return JSON.parse(await this.text()); }
  }

  let streams = 0;
  function store(bytes) {
    queue.push({ kind: "store", stream: --streams, text: latin(bytes) });
    return streams;
  }

  class Request extends Body {
    constructor(input, init = {}) {
      const from = input instanceof Request ? input : undefined;
      const method = String(init.method || (from ? from.method : "GET"));
      const given = init.body !== undefined ? init.body : from && !from.bodyUsed ? from.body : null;
      if (given !== null && /^(get|head)$/i.test(method)) throw new TypeError("A GET or HEAD request has no body");
      super(given);
      this.url = new URL(from ? from.url : input).href;
      this.method = /^(get|head|post|put|delete|options)$/i.test(method) ? method.toUpperCase() : method;
      this.headers = new Headers(init.headers || (from && init.copyHeaders !== false ? from.headers : undefined));
      this.redirect = init.redirect || (from ? from.redirect : "follow");
      this.maxFollow = init.maxFollow === undefined ? 12 : init.maxFollow;
      this.eo = init.eo || (from ? from.eo : {});
    }
    clone() { return new Request(this); }
  }

  class Response extends Body {
    constructor(body = null, init = {}) {
      const status = init.status === undefined ? 200 : Number(init.status);
      if (!(status >= 200 && status <= 599)) throw new RangeError("Invalid status: " + init.status);
      if (body !== null && body !== undefined && [204, 205, 304].includes(status)) {
        throw new TypeError("A response of this status has no body");
      }
      super(body);
      this.status = status;
      this.statusText = init.statusText || "";
      this.headers = new Headers(init.headers);
      this.url = "";
      this.redirected = false;
      if (typeof body === "string" && !this.headers.has("content-type")) {
        this.headers.set("content-type", "text/plain;charset=UTF-8");
      }
    }
    get ok() { return this.status >= 200 && this.status < 300; }
    static redirect(url, status = 302) { return new Response(null, { status, headers: { location: String(url) } }); }
  }

  async function fetch(input, init = {}) {
    const request = new Request(input, init);
    const eo = init.eo || {};
    const answer = await ask({
      kind: "fetch", url: request.url, method: request.method, headers: [...request.headers],
      redirect: request.redirect, follow: request.maxFollow, body: Body.taken(request),
      eo: { cacheKey: eo.cacheKey, cacheTtl: eo.cacheTtl, cacheTtlByStatus: eo.cacheTtlByStatus },
    });
    const response = new Response(answer.stream === undefined ? null : new ReadableStream(answer.stream), answer);
    response.url = answer.url;
    response.redirected = answer.redirected;
    return response;
  }

  // Everything else

  const crypto = {
    subtle: {
      async digest(algorithm, data) {
        const name = typeof algorithm === "string" ? algorithm : algorithm.name;
        return fromLatin(await ask({ kind: "digest", name: String(name), text: latin(bytesOf(data)) })).buffer;
      },
    },
  };
  const quiet = () => {};

  define({
    TextEncoder, TextDecoder, URL, URLSearchParams, Headers, Request, Response, ReadableStream, fetch, crypto,
    console: { log: quiet, info: quiet, warn: quiet, error: quiet, debug: quiet },
    addEventListener(type, listener) { if (type === "fetch") listeners.push(listener); },
  });

  // What the embedded edge calls

  const failed = (error) => String(error && error.stack ? `${error}\n${error.stack}` : error);

  return {
    // A request has come.
    start(text) {
      const given = JSON.parse(text);
      const event = given.event;
      const body = given.stream === undefined ? undefined : new ReadableStream(given.stream);
      const request = new Request(given.url, { method: given.method, headers: given.headers, body });
      request.eo = given.eo;
      let answered;
      const passed = { clientId: String(event), type: "fetch", request,
        respondWith(answer) {
          if (answered) throw new TypeError("respondWith was called already");
          answered = Promise.resolve(answer);
        },
        waitUntil(task) { Promise.resolve(task).catch(quiet); },
        passThroughOnException() { queue.push({ kind: "pass", event }); } };
      try {
        for (const listener of listeners) if (!answered) listener.call(globalThis, passed);
      } catch (error) {
        queue.push({ kind: "failed", event, error: failed(error) });
        return;
      }
      if (!answered) { queue.push({ kind: "untouched", event }); return; }
      answered.then((response) => {
        if (!(response instanceof Response)) throw new TypeError("respondWith takes a Response");
        const { status, headers } = response;
        queue.push({ kind: "answer", event, status, headers: [...headers], body: Body.taken(response) });
      }).catch((error) => queue.push({ kind: "failed", event, error: failed(error) }));
    },
    // What was asked for is there.
    resolve(call, text) {
      const one = waiting.get(call);
      waiting.delete(call);
      if (one) one.resolve(JSON.parse(text));
    },
    reject(call, reason) {
      const one = waiting.get(call);
      waiting.delete(call);
      if (one) one.reject(new TypeError(reason));
    },
    // What the function wants, as JSON; the queue is empty then.
    taken() { return JSON.stringify(queue.splice(0)); },
  };
})();
