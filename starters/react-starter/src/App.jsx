import { useEffect, useRef } from 'react';
import Home from './Home.jsx';
import How from './How.jsx';
import NotFound from './NotFound.jsx';
import { Link, usePath } from './router.jsx';

const NAME = 'My app';

const views = {
  '/': { title: NAME, View: Home },
  '/how': { title: `How it works · ${NAME}`, View: How },
};

export default function App() {
  const path = usePath();
  const { title, View } = views[path] ?? { title: `Page not found · ${NAME}`, View: NotFound };
  const shown = useRef(path);

  useEffect(() => {
    document.title = title;
    // After a move inside the app, a screen reader goes on at the new page's heading.
    if (shown.current !== path) document.querySelector('h1')?.focus();
    shown.current = path;
  }, [path, title]);

  return (
    <>
      <a className="skip" href="#content">Skip to the content</a>
      <header className="top column">
        <Link className="brand" to="/">
          <img src="/favicon.svg" width="28" height="28" alt="" />
          {NAME}
        </Link>
        <nav aria-label="Main">
          <ul>
            <li><Link to="/">Home</Link></li>
            <li><Link to="/how">How it works</Link></li>
          </ul>
        </nav>
      </header>
      <main id="content" className="column" tabIndex={-1}>
        <View />
      </main>
      <footer className="bottom column">
        <p>© {NAME}</p>
      </footer>
    </>
  );
}
