"""`_headers` and `_redirects` as Netlify and Cloudflare Pages know them: read, and compiled to what can do them."""
