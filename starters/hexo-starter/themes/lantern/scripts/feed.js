'use strict';

// Writes atom.xml: the newest posts in full, as RFC 4287 wants them.

const NEWEST = 20;

const escape = text => String(text)
  // Control characters that XML 1.0 does not allow.
  .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
  .replace(/[&<>"]/g, sign => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]);

hexo.extend.generator.register('atom', function(locals) {
  const { config } = this;
  const full_url = this.extend.helper.get('full_url_for').bind(this);
  // Readers show posts on their own pages: links that start with "/" need the address of the blog.
  const absolute = html => html.replace(/\b(href|src|poster)="(\/(?!\/)[^"]*)"/g,
    (_, name, path) => `${name}="${new URL(path, config.url)}"`);

  const posts = locals.posts.sort('-date').limit(NEWEST).toArray();
  const updated = posts.map(post => (post.updated || post.date).toISOString()).sort().pop()
    || '1970-01-01T00:00:00.000Z';
  const author = config.author || config.title;

  const entries = posts.map(post => `
  <entry${post.lang ? ` xml:lang="${escape(post.lang)}"` : ''}>
    <title>${escape(post.title || '')}</title>
    <link href="${escape(full_url(post.path))}"/>
    <id>${escape(full_url(post.path))}</id>
    <published>${post.date.toISOString()}</published>
    <updated>${(post.updated || post.date).toISOString()}</updated>${
  post.excerpt ? `
    <summary type="html">${escape(absolute(post.excerpt))}</summary>` : ''}
    <content type="html">${escape(absolute(post.content))}</content>${
  post.tags.map(tag => `
    <category term="${escape(tag.name)}"/>`).join('')}
  </entry>`);

  return {
    path: 'atom.xml',
    data: `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="${escape([].concat(config.language)[0] || 'en')}">
  <title>${escape(config.title)}</title>${config.subtitle ? `
  <subtitle>${escape(config.subtitle)}</subtitle>` : ''}
  <link href="${escape(full_url('/'))}"/>
  <link href="${escape(full_url('atom.xml'))}" rel="self" type="application/atom+xml"/>
  <id>${escape(full_url('/'))}</id>
  <updated>${updated}</updated>
  <author><name>${escape(author)}</name></author>${entries.join('')}
</feed>
`
  };
});
