// A router of one page's length: enough for a handful of views. Larger apps want a library for it.
import { useSyncExternalStore } from 'react';

const CHANGED = 'pathchange';

function subscribe(listener) {
  window.addEventListener('popstate', listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener('popstate', listener);
    window.removeEventListener(CHANGED, listener);
  };
}

/** The current path, without a slash at its end: "/", "/how". */
export function usePath() {
  return useSyncExternalStore(subscribe, () => window.location.pathname.replace(/(.)\/+$/, '$1'));
}

/** A link inside the app. Clicks with a modifier key still open a new tab or window. */
export function Link({ to, ...rest }) {
  const path = usePath();
  function follow(event) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    window.history.pushState(null, '', to);
    window.dispatchEvent(new Event(CHANGED));
    window.scrollTo(0, 0);
  }
  return <a href={to} onClick={follow} aria-current={path === to ? 'page' : undefined} {...rest} />;
}
