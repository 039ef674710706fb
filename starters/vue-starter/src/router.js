// A router of one page's length: enough for a handful of views. Larger apps want vue-router.
import { readonly, ref } from 'vue';

const now = () => window.location.pathname.replace(/(.)\/+$/, '$1');
const current = ref(now());

window.addEventListener('popstate', () => { current.value = now(); });

/** The current path, without a slash at its end: "/", "/how". */
export const path = readonly(current);

export function go(to) {
  window.history.pushState(null, '', to);
  current.value = now();
  window.scrollTo(0, 0);
}
