import { Link } from './router.jsx';

export default function How() {
  return (
    <>
      <h1 tabIndex={-1}>How it works</h1>
      <p className="lead">Reload this page: it still appears, although no file of this name was uploaded.</p>

      <h2>Build</h2>
      <p>
        <code>sitepub deploy</code> runs <code>npm run build</code> and publishes the folder <code>dist</code>. Scripts
        and styles carry a hash of their content in their names, so browsers keep them for a year; <code>index.html</code> is
        looked up on every visit.
      </p>

      <h2>Addresses</h2>
      <p>
        In <code>serverless.yml</code>, <code>error: index.html</code> and <code>disableErrorStatus: true</code> answer every
        address that is not a file with the app itself, which shows the view for it or <Link to="/nowhere">says that there is none</Link>.
        The views are listed in <code>src/App.jsx</code>.
      </p>

      <h2>Work on it</h2>
      <pre tabIndex={0}><code>npm run dev</code></pre>
      <p>opens the app on this computer and shows every change at once.</p>
    </>
  );
}
