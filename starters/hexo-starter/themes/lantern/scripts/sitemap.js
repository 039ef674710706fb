'use strict';

// Writes sitemap.xml: every post and page that does not say "sitemap: false", and the home page.

hexo.extend.generator.register('sitemap', function(locals) {
  const full_url = this.extend.helper.get('full_url_for').bind(this);
  const escape = text => text.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`);
  const tidy = path => path.replace(/(^|\/)index\.html$/, '$1');

  const listed = item => item.sitemap !== false && /(\.html|\/)$/.test(item.path);
  // A page without a date of its own gets that of its file, which differs from computer to computer.
  const items = [
    ...locals.posts.toArray().filter(listed).map(post => ({
      url: full_url(tidy(post.path)), day: (post.updated || post.date).toISOString().slice(0, 10)
    })),
    ...locals.pages.toArray().filter(listed).map(page => ({ url: full_url(tidy(page.path)), day: '' }))
  ];
  const newest = items.map(item => item.day).sort().pop();
  const home = { url: full_url('/'), day: newest };

  const all = [home, ...items.filter(item => item.url !== home.url).sort((a, b) => (a.url < b.url ? -1 : 1))];
  return {
    path: 'sitemap.xml',
    data: `<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${all.map(item => `  <url><loc>${escape(item.url)}</loc>${item.day ? `<lastmod>${item.day}</lastmod>` : ''}</url>`).join('\n')}
</urlset>
`
  };
});
