// The docs as a website. Pages are the repository's own Markdown files, at the paths that they have there, so that
// a link which works on the forge works here too. A dead link ends the build.
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { defineConfig } from 'vitepress'

// Pages outside of this folder find Vue here.
const vue = dirname(createRequire(import.meta.url).resolve('vue/package.json'))

// A sheet that goes up.
const icon = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
  '<path d="M3 15h10M8 12V2M4 6l4-4 4 4" fill="none" stroke="#2b6cb0" stroke-width="2"/></svg>'

// README.md is the first page of the website: links to it lead there. Braces in `code` are text, not Vue's.
function adapt({ tokens, env }) {
  for (const token of tokens.flatMap((each) => each.children ?? [])) {
    if (token.type === 'code_inline') token.attrSet('v-pre', '')
    const link = token.type === 'link_open' ? token.attrGet('href') : null
    if (link?.endsWith('README.md') && posix.join(dirname(env.relativePath), link) === 'README.md') {
      token.attrSet('href', link.replace('README.md', 'index.md'))
    }
  }
}

const page = (text, name) => ({ text, link: `/docs/${name}` })

const english = [
  {
    text: 'Start',
    items: [
      page('Getting started', 'getting-started'), page('Hexo', 'hexo'), page('Domains', 'domains'),
      page('EdgeOne', 'edgeone'), page('Permissions', 'permissions'), page('Coming from elsewhere', 'moving'), page('On Windows', 'windows'),
    ],
  },
  {
    text: 'Work',
    items: [
      page('Releases', 'releases'), page('Live preview: dev', 'dev'), page('Logs', 'logs'),
      page('How files are served', 'serving'), page('Checks', 'checks'), page('CI', 'ci'),
      page('Headers and redirects', 'headers-and-redirects'), page('Search engines', 'search-engines'),
      page('For programs', 'agents'),
    ],
  },
  {
    text: 'Reference',
    items: [page('Configuration', 'configuration'), page('Commands', 'commands'), { text: 'Changes', link: '/CHANGELOG' }],
  },
  {
    text: 'Inside',
    items: [
      page('Reliability', 'reliability'), { text: 'Security', link: '/SECURITY' }, page('Performance', 'performance'),
      { text: 'Benchmarks', link: '/benchmarks/README' }, page('Architecture', 'architecture'),
      { text: 'Contributing', link: '/CONTRIBUTING' },
    ],
  },
]

const chinese = [
  {
    text: '文档',
    items: [
      page('快速开始', 'zh/getting-started'), page('Hexo 博客', 'zh/hexo'), page('自定义域名', 'zh/domains'),
      page('从 CI 部署', 'zh/ci'), page('在 Windows 上使用', 'zh/windows'),
      { text: 'English', link: '/' },
    ],
  },
]

export default defineConfig({
  title: 'sitepub',
  description: 'Publishes static sites and Hexo blogs to Tencent Cloud',
  srcDir: '..',
  srcExclude: ['starters/**', 'tests/!(README.md)', 'tests/*/**', 'sitepub/**', '.*/**', 'my-*/**'],
  outDir: './.vitepress/dist',
  cacheDir: './.vitepress/cache',
  rewrites: { 'README.md': 'index.md' },
  ignoreDeadLinks: [/\/LICENSE$/],
  head: [['link', { rel: 'icon', href: 'data:image/svg+xml,' + encodeURIComponent(icon) }]],
  markdown: { languageAlias: { gitignore: 'ini' }, config: (md) => md.core.ruler.push('adapt', adapt) },
  locales: {
    root: {
      label: 'English',
      lang: 'en',
      themeConfig: { nav: [page('Getting started', 'getting-started'), page('Commands', 'commands')], sidebar: english },
    },
    'docs/zh': {
      label: '简体中文',
      lang: 'zh-CN',
      link: '/README.zh-CN',
      themeConfig: {
        nav: [page('快速开始', 'zh/getting-started')],
        sidebar: chinese,
        outline: { label: '本页目录' },
        docFooter: { prev: '上一页', next: '下一页' },
        sidebarMenuLabel: '目录',
        returnToTopLabel: '回到顶部',
        darkModeSwitchLabel: '外观',
        langMenuLabel: '语言',
      },
    },
  },
  buildEnd: ({ root, outDir }) => copyFileSync(join(root, 'llms.txt'), join(outDir, 'llms.txt')),
  vite: { resolve: { alias: { vue } } },
  themeConfig: { search: { provider: 'local' }, i18nRouting: false },
})
