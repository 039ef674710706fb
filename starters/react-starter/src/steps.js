// What is left to do before others see the app. Each step is kept in this browser once it is ticked.
export const steps = [
  { id: 'title', title: 'Give it a title', text: 'Title and description stand in index.html; link previews show them.' },
  { id: 'colours', title: 'Choose the colours', text: 'The first lines of src/style.css, once for light and once for dark screens.' },
  { id: 'icon', title: 'Draw an icon', text: 'public/favicon.svg is the picture in the browser’s tab.' },
  { id: 'home', title: 'Write the first page', text: 'src/Home.jsx is the page you are looking at.' },
  { id: 'place', title: 'Choose the place', text: 'The region in serverless.yml: the one nearest to your readers.' },
];

const KEY = 'first-steps';

export function readDone() {
  try {
    const done = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(done) ? done : [];
  } catch {
    return []; // Storage is switched off, or holds something else.
  }
}

export function saveDone(done) {
  try {
    localStorage.setItem(KEY, JSON.stringify(done));
  } catch {
    // The list still works until the page is closed.
  }
}
