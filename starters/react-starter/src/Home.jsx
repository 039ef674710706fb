import { useEffect, useState } from 'react';
import { readDone, saveDone, steps } from './steps.js';

export default function Home() {
  const [done, setDone] = useState(readDone);
  useEffect(() => saveDone(done), [done]);

  const count = steps.filter(step => done.includes(step.id)).length;
  const toggle = id => setDone(now => (now.includes(id) ? now.filter(other => other !== id) : [...now, id]));

  return (
    <>
      <h1 tabIndex={-1}>Your React app is online.</h1>
      <p className="lead">Tick off what you have made your own. The list is kept in this browser.</p>

      <div className="progress">
        <progress aria-label="First steps" max={steps.length} value={count} />
        <span role="status">{count} of {steps.length} done</span>
      </div>
      <ul className="steps">
        {steps.map(step => (
          <li key={step.id}>
            <label>
              <input type="checkbox" checked={done.includes(step.id)} onChange={() => toggle(step.id)} />
              <span className="title">{step.title}</span>
              <span className="text">{step.text}</span>
            </label>
          </li>
        ))}
      </ul>

      <h2>Publish a change</h2>
      <pre tabIndex={0}><code>sitepub deploy --local</code></pre>
      <p>Leave out <code>--local</code> to publish on Tencent Cloud.</p>
    </>
  );
}
