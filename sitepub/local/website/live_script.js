// Keeps the page of a local preview as new as the last publish: swaps stylesheets and images, loads the page
// anew for anything else, shows why a build failed. Added on the way out, never to the files.
(() => {
  "use strict";
  const own = document.currentScript;
  if (!own || window.__sitepubLive) return;
  const live = (window.__sitepubLive = { generation: Number(own.dataset.generation) });
  const bucket = own.dataset.bucket;
  const SCROLL = "sitepub-live-scroll";
  let overlay = null;
  let leaving = false;

  // What a publish means for this page

  const pathOf = (url) => {
    try {
      const found = new URL(url, location.href);
      return found.origin === location.origin ? decodeURIComponent(found.pathname) : "";
    } catch {
      return "";
    }
  };
  const isStyle = (path) => /\.css$/i.test(path);
  const isImage = (path) => /\.(png|jpe?g|gif|webp|avif|svg|ico|bmp)$/i.test(path);

  // browsers note 250 resources, unless told to note more
  performance.setResourceTimingBufferSize(10000);

  function resources() {
    return performance.getEntriesByType("resource").filter((entry) => pathOf(entry.name));
  }

  async function renew(paths) {
    // past the browser's own cache, which may hold a changed file as fresh for a long time
    const urls = new Set(resources().map((entry) => entry.name).filter((url) => paths.has(pathOf(url))));
    await Promise.allSettled([...urls].map((url) => fetch(url, { cache: "reload" })));
  }

  const replaced = new WeakMap(); // a stylesheet that was swapped, by its successor
  const old = new WeakSet();

  function links(paths) {
    return [...document.querySelectorAll("link[href]")].filter((link) =>
      link.relList.contains("stylesheet") && !link.disabled && !old.has(link) && paths.has(pathOf(link.href))
    );
  }

  function fresh(url) {
    const next = new URL(url, location.href);
    next.searchParams.set("sitepub-live", String(live.generation));
    return next.href;
  }

  function swapStyle(link) {
    const next = link.cloneNode();
    next.href = fresh(link.href);
    replaced.set(next, link);
    old.add(link);
    // the old one stays until the new one is there: no flash of a page without style
    const done = () => {
      for (let one = link; one; one = replaced.get(one)) one.remove();
    };
    next.addEventListener("load", done, { once: true });
    next.addEventListener("error", () => reload(null), { once: true });
    link.after(next);
  }

  function swapImages(paths) {
    for (const image of document.querySelectorAll("img[src], input[type=image][src]")) {
      if (paths.has(pathOf(image.src))) image.src = fresh(image.src);
    }
    for (const one of document.querySelectorAll("[srcset]")) {
      one.srcset = one.srcset.replace(/(^|,\s*)([^\s,]+)/g, (whole, before, url) =>
        paths.has(pathOf(url)) ? before + fresh(url) : whole
      );
    }
    for (const link of document.querySelectorAll("link[rel~=icon][href]")) {
      if (paths.has(pathOf(link.href))) link.href = fresh(link.href);
    }
  }

  // A stylesheet that another one imports, an image that a stylesheet shows, the page's own favicon by
  // convention: nothing to swap, the page has to be loaded.
  function hidden(paths, swappable) {
    return resources().some((entry) => {
      const path = pathOf(entry.name);
      return paths.has(path) && !swappable.has(path);
    });
  }

  function show(changed) {
    if (!changed) return reload(null);
    const paths = new Set(changed.map((key) => "/" + key));
    if (!changed.every((key) => isStyle(key) || isImage(key))) return reload(paths);
    const styles = links(paths);
    const swappable = new Set(styles.map((link) => pathOf(link.href)));
    for (const image of document.querySelectorAll("img, source, input[type=image], link[rel~=icon]")) {
      swappable.add(pathOf(image.currentSrc || image.src || image.href || ""));
      for (const part of (image.srcset || "").split(",")) swappable.add(pathOf(part.trim().split(/\s/)[0]));
    }
    const styled = resources().some(
      (entry) => entry.initiatorType === "css" && paths.has(pathOf(entry.name))
    );
    if (styled || hidden(paths, swappable)) return reload(paths);
    renew(paths);
    styles.forEach(swapStyle);
    swapImages(paths);
  }

  async function reload(paths) {
    if (leaving) return;
    leaving = true;
    if (paths) await renew(paths);
    try {
      sessionStorage.setItem(SCROLL, JSON.stringify([location.pathname, scrollX, scrollY]));
    } catch {
      // no storage: the browser's own memory of the position has to do
    }
    location.reload();
  }

  function scrollBack() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(SCROLL));
      sessionStorage.removeItem(SCROLL);
      if (kept && kept[0] === location.pathname) scrollTo({ left: kept[1], top: kept[2], behavior: "instant" });
    } catch {
      // nothing kept
    }
  }

  // Why a build failed

  const LOOK = `
    :host { all: initial; }
    section { position: fixed; inset: auto 0 0 0; max-height: 70vh; z-index: 2147483647; display: flex;
      flex-direction: column; background: #1d1f21; color: #f2f2f2; border-top: 4px solid #ff5c57;
      font: 14px/1.5 system-ui, sans-serif; box-shadow: 0 -4px 24px #0008; }
    header { display: flex; align-items: center; justify-content: space-between; padding: 8px 16px; }
    h2 { font-size: 16px; margin: 0; color: #ff8f8a; }
    button { font: inherit; color: inherit; background: #3a3d41; border: 1px solid #777; border-radius: 4px;
      padding: 2px 10px; cursor: pointer; }
    pre { margin: 0; padding: 4px 16px 16px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere;
      font: 13px/1.5 ui-monospace, monospace; }`;

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // The page around this frame shows it, if it is one of ours; that of an editor with a preview is not.
  function framed() {
    try {
      return window.top !== window && Boolean(window.top.__sitepubLive);
    } catch {
      return false;
    }
  }

  function showFailure(message) {
    clearFailure();
    if (framed()) return;
    overlay = element("sitepub-failure", {});
    const root = overlay.attachShadow({ mode: "open" });
    try {
      // not subject to the page's style-src
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(LOOK);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(element("style", {}, LOOK));
    }
    const close = element("button", { type: "button", "aria-label": "Close" }, "Close");
    close.addEventListener("click", clearFailure);
    root.append(
      element("section", { role: "alert", "aria-labelledby": "title" },
        element("header", {}, element("h2", { id: "title" }, "The build failed"), close),
        element("pre", { tabindex: "0" }, message))
    );
    (document.body || document.documentElement).append(overlay);
    addEventListener("keydown", escape);
  }

  function clearFailure() {
    removeEventListener("keydown", escape);
    if (overlay) overlay.remove();
    overlay = null;
  }

  function escape(event) {
    if (event.key === "Escape") clearFailure();
  }

  // What the embedded cloud says

  const handlers = {
    state({ generation, message }) {
      if (generation !== live.generation) return reload(null);
      if (message) showFailure(message);
      else clearFailure();
    },
    published({ generation, changed }) {
      clearFailure();
      const missed = generation > live.generation + 1 || generation < live.generation;
      const news = generation !== live.generation;
      live.generation = generation;
      if (missed) reload(null);
      else if (news) show(changed);
    },
    failed({ message }) {
      showFailure(message);
    },
    off() {
      clearFailure();
    },
  };

  function handle(name, values) {
    if (!leaving && Object.hasOwn(handlers, name)) handlers[name](values);
  }

  let last = null;

  function connect(spread) {
    const source = new EventSource("/-/live/events");
    for (const name of Object.keys(handlers)) {
      source.addEventListener(name, (event) => {
        const values = JSON.parse(event.data);
        last = name === "off" ? null : {
          generation: values.generation, message: name === "published" ? "" : values.message || "" };
        handle(name, values);
        spread({ name, values });
      });
    }
    source.addEventListener("error", () => {
      // An answer that is no event stream ends an EventSource: dev mode is over, or the embedded cloud is
      // just starting. Both may change.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => connect(spread), 1000);
    });
    addEventListener("pagehide", () => source.close(), { once: true });
  }

  // A browser keeps six connections to a host open at most: of all pages, one listens and tells the others.
  function share() {
    const channel = new BroadcastChannel("sitepub-live:" + bucket);
    let leads = false;
    channel.addEventListener("message", ({ data }) => {
      if (!data.ask) handle(data.name, data.values);
      else if (leads && last) channel.postMessage({ name: "state", values: last });
    });
    channel.postMessage({ ask: true });
    navigator.locks.request("sitepub-live:" + bucket, () => {
      leads = true;
      connect((event) => channel.postMessage(event));
      return new Promise(() => {}); // held as long as the page lives
    });
  }

  // "Back" may bring a page as it was left, which heard nothing meanwhile.
  addEventListener("pageshow", (event) => event.persisted && reload(null));
  if (document.readyState === "complete") scrollBack();
  else addEventListener("load", scrollBack, { once: true });
  if (navigator.locks && window.BroadcastChannel) share();
  else connect(() => {});
})();
