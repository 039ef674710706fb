// Copy buttons. They start hidden, and appear only where the browser can copy.

if (navigator.clipboard) {
  for (const button of document.querySelectorAll('.copy')) {
    const text = button.parentElement.querySelector('code').textContent;
    const label = button.textContent;
    button.setAttribute('aria-live', 'polite');
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
      } catch {
        button.textContent = 'Not allowed';
      }
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
}
