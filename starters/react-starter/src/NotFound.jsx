import { useEffect } from 'react';
import { Link } from './router.jsx';

export default function NotFound() {
  // The server answers 200 for every address; this keeps search engines from listing this one.
  useEffect(() => {
    const tag = document.createElement('meta');
    tag.name = 'robots';
    tag.content = 'noindex';
    document.head.append(tag);
    return () => tag.remove();
  }, []);

  return (
    <>
      <p className="code" aria-hidden="true">404</p>
      <h1 tabIndex={-1}>There is no page here</h1>
      <p className="lead">The address may have changed, or it was mistyped.</p>
      <p><Link to="/">Go to the home page</Link></p>
    </>
  );
}
