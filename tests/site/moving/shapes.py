"""Settings files of other publishers, in the forms that their documentation shows, with what is to become of each.

A case: the text, what carries over (attributes of `Moved`), and words of each entry that does not.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    text: str
    taken: dict[str, Any]
    left: tuple[str, ...] = ()


def blocks(*given: tuple[str, str]) -> list[tuple[str, list[str]]]:
    return [(address, lines.split("|")) for address, lines in given]


SPA = {"spa": True, "error": "index.html"}

NETLIFY = [
    Case('[build]\n  base = "site/"\n  command = "npm run build"\n  publish = "out/"\n',
         {"base": "site", "hook": "npm run build", "folder": "site/out"}),
    Case('[build]\npublish = "/"\n', {"folder": "."}),
    Case('[[redirects]]\nfrom = "/a"\nto = "/b"\n[[redirects]]\nfrom = "/c/*"\nto = "/d/:splat"\nstatus = 302\n'
         'force = true\n', {"redirects": ["/a /b 301", "/c/* /d/:splat 302!"], "needs_edge": False}),
    Case('[[redirects]]\nfrom = "/*"\nto = "/index.html"\nstatus = 200\n', {**SPA, "redirects": []}),
    Case('redirects = [{from = "/news/:y/:n", to = "/:n-:y"}, {from = "/api/*", to = "https://x.test/:splat",'
         ' status = 200}]\n', {"redirects": ["/news/:y/:n /:n-:y 301"], "needs_edge": True}, ("redirect /api/*",)),
    Case('[[redirects]]\nfrom = "/"\nto = "/de"\n[redirects.conditions]\nCountry = ["de"]\n[[redirects]]\n'
         'from = "/s"\nto = "/t"\nquery = {id = ":id"}\n', {"redirects": []},
         ("redirect / (conditions)", "redirect /s (query)")),
    Case('[[headers]]\nfor = "/*"\n  [headers.values]\n  X-Frame-Options = "DENY"\n  cache-control = """\n'
         '  max-age=0,\n  no-cache"""\n',
         {"blocks": blocks(("/*", "X-Frame-Options: DENY|cache-control: max-age=0, no-cache")),
          "needs_edge": True}),
    Case('[[headers]]\nfor = "/x"\n[headers.values]\nBasic-Auth = "me:pw"\nServer = "mine"\n', {"blocks": []},
         ("header Basic-Auth", "header Server")),
    Case('[build]\nfunctions = "f"\n[build.environment]\nNODE_VERSION = "20"\nAPI_KEY = "s3cr3t-value"\n'
         '[[plugins]]\npackage = "x"\n[functions]\nnode_bundler = "esbuild"\n', {"taken": ()},
         ("build.environment.NODE_VERSION", "build.environment.API_KEY", "build.functions", "plugins", "functions")),
    Case('[build]\ncommand = "make"\npublish = "a"\n[context.production]\npublish = "b"\n[context.staging]\n'
         'command = "x"\n', {"hook": "make", "folder": "b"}, ("context.staging",)),
    Case('[build]\ncommand = "API_TOKEN=abcdef0123 npm run build"\npublish = "../out"\n',
         {"hook": None, "folder": None}, ("build.command", "build.publish")),
    Case('[[redirects]]\nfrom = "/gone"\nstatus = 410\nto = "/x"\n[[redirects]]\nfrom = "old"\nto = "/new"\n'
         '[[redirects]]\nfrom = "/a b"\nto = "/c"\n', {"redirects": []},
         ("redirect /gone", "redirect old", "redirect /a b")),
]

VERCEL = [
    Case('{"buildCommand": "vite build", "outputDirectory": "dist", "installCommand": "pnpm i", "framework": null}',
         {"hook": "vite build", "folder": "dist", "install": "pnpm i"}),
    Case('{"cleanUrls": true, "trailingSlash": false}', {"without_html": True}, ("trailingSlash",)),
    Case('{"redirects": [{"source": "/a", "destination": "/b"}, {"source": "/c", "destination": "/d",'
         ' "permanent": false}, {"source": "/e", "destination": "https://x.test/", "statusCode": 301}]}',
         {"redirects": ["/a /b 308", "/c /d 307", "/e https://x.test/ 301"]}),
    Case('{"redirects": [{"source": "/blog/:path*", "destination": "/news/:path*"}, {"source": "/u/:id",'
         ' "destination": "/users/:id"}, {"source": "/v/(.*)", "destination": "/w/$1"}]}',
         {"redirects": ["/blog/* /news/:splat 308", "/u/:id /users/:id 308", "/v/* /w/:splat 308"]}),
    Case('{"rewrites": [{"source": "/((?!api/.*).*)", "destination": "/index.html"}]}', SPA),
    Case('{"rewrites": [{"source": "/(.*)", "destination": "/"}]}', SPA),
    Case('{"rewrites": [{"source": "/about", "destination": "/about.html"}, {"source": "/api/:x*",'
         ' "destination": "https://api.test/:x*"}]}', {"redirects": ["/about /about.html 200"]}, ("redirect /api/*",)),
    Case('{"headers": [{"source": "/(.*)", "headers": [{"key": "X-A", "value": "1"}, {"key": "Cache-Control",'
         ' "value": "no-store"}]}]}', {"blocks": blocks(("/*", "X-A: 1|Cache-Control: no-store"))}),
    Case('{"headers": [{"source": "/(.*)\\\\.(js|css)", "headers": [{"key": "Cache-Control", "value": "max-age=9"}]}]}',
         {"blocks": blocks(("/*.js", "Cache-Control: max-age=9"), ("/*.css", "Cache-Control: max-age=9"))}),
    Case('{"redirects": [{"source": "/:n(\\\\d+)", "destination": "/x"}, {"source": "/h", "destination": "/x",'
         ' "has": [{"type": "cookie", "key": "a"}]}, {"destination": "/x"}]}', {"redirects": []},
         ("redirects /h", "redirects", "redirect /:n")),
    Case('{"env": {"API_KEY": "s3cr3t-value"}, "functions": {"api/*.js": {}}, "crons": [{"path": "/x"}],'
         ' "regions": ["hkg1"], "name": "x", "token": "s3cr3t-value"}', {"taken": ()},
         ("env", "functions", "crons", "regions", "name", "token")),
]

EDGEONE = [
    Case('{"buildCommand": "next build", "outputDirectory": "./build", "installCommand": "npm install"}',
         {"hook": "next build", "folder": "build", "install": "npm install"}),
    Case('{"nodeVersion": "22.11.0"}', {"taken": ()}, ("nodeVersion",)),
    Case('{"redirects": [{"source": "/articles/:id", "destination": "/news/:id", "statusCode": 301}]}',
         {"redirects": ["/articles/:id /news/:id 301"]}),
    Case('{"redirects": [{"source": "/old-path", "destination": "/new-path", "statusCode": 302}]}',
         {"redirects": ["/old-path /new-path 302"]}),
    Case('{"redirects": [{"source": "$host", "destination": "$wwwhost", "statusCode": 301}]}', {"redirects": []},
         ("redirect $host",)),
    Case('{"rewrites": [{"source": "/assets/*", "destination": "/assets-new/:splat"}]}', {"redirects": []},
         ("redirect /assets/*",)),
    Case('{"rewrites": [{"source": "/*", "destination": "/index.html"}]}', SPA),
    Case('{"headers": [{"source": "/*", "headers": [{"key": "X-Frame-Options", "value": "DENY"}]}]}',
         {"blocks": blocks(("/*", "X-Frame-Options: DENY"))}),
    Case('{"caches": [{"source": "/images/*", "cacheTtl": 3600}]}', {"taken": ()}, ("caches",)),
    Case('{"cloudFunctions": {"nodejs": {"maxDuration": 60}}, "schedules": [{"path": "/x"}]}', {"taken": ()},
         ("cloudFunctions", "schedules")),
    Case('{"outputDirectory": "/", "redirects": {"a": 1}, "headers": [{"source": "/a"}]}', {"folder": "."},
         ("redirects", "headers of /a")),
]

WRANGLER = [
    Case('name = "a"\npages_build_output_dir = "./dist"\ncompatibility_date = "2024-01-01"\n', {"folder": "dist"},
         ("name", "compatibility_date")),
    Case('pages_build_output_dir = "public"\n[vars]\nAPI_KEY = "s3cr3t-value"\n', {"folder": "public"}, ("vars",)),
    Case('[assets]\ndirectory = "./out"\nnot_found_handling = "single-page-application"\n',
         {**SPA, "folder": "out", "without_html": True}),
    Case('[assets]\ndirectory = "out"\nnot_found_handling = "404-page"\nhtml_handling = "none"\nbinding = "A"\n',
         {"folder": "out", "error": "404.html", "without_html": False}, ("assets.binding",)),
    Case('[site]\nbucket = "./public"\nentry-point = "w"\n', {"folder": "public"}, ("site.entry-point",)),
    Case('pages_build_output_dir = "d"\n[[kv_namespaces]]\nbinding = "K"\nid = "0"\n[[d1_databases]]\nbinding = "D"\n',
         {"folder": "d"}, ("kv_namespaces", "d1_databases")),
    Case('main = "src/index.ts"\nroute = "x.test/*"\n[build]\ncommand = "npm run build"\ncwd = "web"\n',
         {"hook": "npm run build", "base": "web"}, ("main", "route")),
    Case('pages_build_output_dir = "d"\n[env.production.vars]\nA = "s3cr3t-value"\n', {"folder": "d"}, ("env",)),
    Case('account_id = "1"\nworkers_dev = true\npages_build_output_dir = "a/b"\n', {"folder": "a/b"},
         ("account_id", "workers_dev")),
    Case('pages_build_output_dir = "/tmp/../../etc"\n', {"folder": None}, ("pages_build_output_dir",)),
]

WRANGLER_JSONC = [
    Case('// the site\n{\n  /* of\n  it */ "pages_build_output_dir": "dist", // here\n}\n', {"folder": "dist"}),
    Case('{"assets": {"directory": "a//b" /* not a comment: // */,},}', {"folder": "a/b", "without_html": True}),
    Case('{"name": "say \\"// no\\"", "pages_build_output_dir": "x"}', {"folder": "x"}, ("name",)),
]

CLOUDBASE = [
    Case('{"envId": "x-1", "framework": {"plugins": {"client": {"use": "@cloudbase/framework-plugin-website", "inputs":'
         ' {"buildCommand": "npm run build", "outputPath": "dist", "cloudPath": "/vue"}}}}}',
         {"hook": "npm run build", "folder": "dist", "prefix": "vue"}, ("envId",)),
    Case('{"framework": {"plugins": {"a": {"use": "@cloudbase/framework-plugin-website@1.3.5", "inputs": {"commands":'
         ' {"install": "yarn", "build": "yarn build"}, "outputPath": "out", "cloudPath": "/"}}}}}',
         {"hook": "yarn build", "install": "yarn", "folder": "out", "prefix": None}),
    Case('{"framework": {"plugins": {"a": {"use": "@cloudbase/framework-plugin-website", "inputs": {"outputPath": ".",'
         ' "ignore": [".git", "node_modules", "*.map"]}}}}}',
         {"folder": ".", "exclude": [".git", "node_modules", "*.map"]}),
    Case('{"framework": {"plugins": {"server": {"use": "@cloudbase/framework-plugin-function", "inputs": {}}}}}',
         {"taken": ()}, ("framework.plugins.server",)),
    Case('{"framework": {"plugins": {"a": {"use": "x/framework-plugin-website", "inputs": {"outputPath": "a"}}, "b":'
         ' {"use": "x/framework-plugin-website", "inputs": {"outputPath": "b"}}}}}', {"folder": "a"},
         ("framework.plugins.b",)),
    Case('{"framework": {"name": "shop", "plugins": {"a": {"use": "x/framework-plugin-website", "inputs":'
         ' {"cloudPath": "{{env.PATH}}", "outputPath": "{{env.OUT}}"}}}}}', {"prefix": None, "folder": None},
         ("framework.name", "outputPath", "cloudPath")),
    Case('{"framework": {"plugins": {"a": {"use": "x/framework-plugin-website", "inputs": {"outputPath": "d",'
         ' "envVariables": {"KEY": "s3cr3t-value"}}}}, "hooks": {"preDeploy": {}}}}', {"folder": "d"},
         ("framework.hooks", "envVariables"), ),
    Case('{"functionRoot": "./functions", "functions": [{"name": "a"}], "version": "2.0"}', {"taken": ()},
         ("functionRoot", "functions", "version")),
    Case('{"region": "ap-shanghai", "$schema": "https://x.test/s.json"}', {"region": None}, ("region",)),
    Case('{"framework": {"plugins": {"a": {"use": "x/framework-plugin-website"}}}}', {"taken": ()}),
]

S3DEPLOY = [
    Case('routes:\n    - route: "^.+\\\\.(js|css|svg|ttf)$"\n      headers:\n'
         '         Cache-Control: "max-age=630720000"\n      gzip: true\n',
         {"headers": [(("*.{js,css,svg,ttf}",), {"Cache-Control": "max-age=630720000"})]},
         ("gzip of",)),
    Case('source: public/\npath: blog/\nbucket: my-bucket\nregion: eu-west-1\n', {"folder": "public", "prefix": "blog",
                                                                                "bucket": None}, ("bucket", "region")),
    Case('key: AKIAIOSFODNN7EXAMPLE\nsecret: s3cr3t-value\nsource: .\n', {"folder": "."}, ("key", "secret")),
    Case('key: ${AWS_KEY}\nworkers: 4\nmax-delete: 10\n', {"taken": ()}, ("key", "workers", "max-delete")),
    Case('bucket: blog-1250000000\nendpoint-url: https://cos.ap-shanghai.myqcloud.com\n',
         {"bucket": "blog-1250000000", "region": "ap-shanghai"}),
    Case('ignore: "^drafts/.*"\n', {"exclude": ["/drafts/"]}),
    Case('routes:\n- route: "(a)(?=b)"\n  headers: {Cache-Control: no-cache}\n', {"headers": []}, ("route",)),
    Case('routes:\n- route: "^index\\\\.html$"\n  headers: {Content-Type: text/html}\n- route: ".*"\n'
         '  headers: {Cache-Control: no-cache}\n',
         {"headers": [(("*", "!/index.html"), {"Cache-Control": "no-cache"}),
                      (("/index.html",), {"Content-Type": "text/html"})]}),
    Case('routes:\n- route: ".*"\n  headers: {X-Robots-Tag: noindex, Cache-Control: no-cache}\n',
         {"headers": [(("*",), {"Cache-Control": "no-cache"})]}, ("header X-Robots-Tag",)),
    Case('distribution-id: E1\npublic-access: true\nstrip-index-html: true\n', {"taken": ()},
         ("distribution-id", "public-access", "strip-index-html")),
]

HUGO = [
    Case('baseURL = "https://x.test/"\n[deployment]\n[[deployment.targets]]\nname = "p"\nURL = "s3://b?region=us-east-1"\n',
         {"bucket": None}, ("target p, URL",)),
    Case('[deployment]\n[[deployment.targets]]\nname = "cos"\nURL = "s3://blog-1250000000?endpoint='
         'https://cos.ap-guangzhou.myqcloud.com&region=ap-guangzhou"\n',
         {"bucket": "blog-1250000000", "region": "ap-guangzhou"}),
    Case('[deployment]\norder = [".jpg$"]\n[[deployment.matchers]]\npattern = "^.+\\\\.(js|css)$"\n'
         'cacheControl = "max-age=31536000"\ngzip = true\n',
         {"headers": [(("*.{js,css}",), {"Cache-Control": "max-age=31536000"})]}, ("gzip of", "deployment.order")),
    Case('[[deployment.matchers]]\npattern = "^sitemap\\\\.xml$"\ncontentType = "application/xml"\n',
         {"headers": [(("/sitemap.xml",), {"Content-Type": "application/xml"})]}),
    Case('[[deployment.targets]]\nname = "a"\nURL = "gs://a"\nexclude = "**.{map,md}"\n[[deployment.targets]]\n'
         'name = "b"\nURL = "gs://b"\n', {"exclude": ["*.{map,md}"]}, ("target b", "target a, URL")),
    Case('[deployment]\ntarget = "b"\n[[deployment.targets]]\nname = "a"\nURL = "gs://a"\n[[deployment.targets]]\n'
         'name = "b"\nURL = "s3://b-1250000000?endpoint=cos.ap-tokyo.myqcloud.com"\n',
         {"bucket": "b-1250000000", "region": "ap-tokyo"}, ("target a",)),
    Case('[deployment]\nconfirm = true\nworkers = 5\nmaxDeletes = -1\n', {"taken": ()},
         ("deployment.confirm", "deployment.workers", "deployment.maxdeletes")),
    Case('[[deployment.targets]]\nname = "a"\nURL = "azblob://x"\ncloudFrontDistributionID = "E"\n'
         'include = "**.html"\n', {"taken": ()},
         ("target a, URL", "target a, cloudfrontdistributionid", "target a, include")),
    Case('[Deployment]\n[[Deployment.Matchers]]\nPattern = "^.+\\\\.html$"\nCacheControl = "no-cache"\n',
         {"headers": [(("*.html",), {"Cache-Control": "no-cache"})]}),
    Case('[[deployment.matchers]]\ncacheControl = "x"\n[[deployment.matchers]]\npattern = "(?i)x"\ngzip = false\n',
         {"headers": []}, ("matchers", "route (?i)x")),
]

HEXO = [
    Case("deploy:\n  type: cos\n  secretId: AKIDz8krbsJ5yKBZQpn74WFkmLPx3\n  secretKey: s3cr3t-value\n"
         "  bucket: blog-1250000000\n  region: ap-shanghai\n",
         {"bucket": "blog-1250000000", "region": "ap-shanghai"}, ("deploy.secretid", "deploy.secretkey")),
    Case("deploy:\n  type: cos\n  bucket: blog\n  appId: 1250000000\n  region: ap-beijing\n  pathPrefix: blog/\n",
         {"bucket": "blog", "region": "ap-beijing", "prefix": "blog"}),
    Case("deploy:\n  type: cos\n  bucket: b-1250000000\n  region: ap-shanghai\n  cdnConfig:\n    enable: true\n"
         "    cdnUrl: https://x.test\n    secretKey: s3cr3t-value\n", {"bucket": "b-1250000000"},
         ("deploy.cdnconfig.secretkey", "deploy.cdnconfig")),
    Case("deploy:\n- type: git\n  repo: x\n- type: cos-cdn\n  cloud: tencent\n  bucket: b-1250000000\n"
         "  region: ap-chengdu\n  deleteExtraFiles: true\n", {"bucket": "b-1250000000", "region": "ap-chengdu"},
         ("deploy of type git", "deploy.deleteextrafiles")),
    Case("deploy:\n  type: cos-cdn\n  cloud: aliyun\n  bucket: b\n  region: oss-cn-beijing\n", {"bucket": None},
         ("deploy of type cos-cdn",)),
    Case("deploy:\n  type: tencent-cos\n  secret_id: x1\n  secret_key: s3cr3t-value\n  bucket: b-1250000000\n"
         "  region: ap-nanjing\n  cdn_domains:\n    - https://x.test\n", {"bucket": "b-1250000000",
                                                                         "region": "ap-nanjing"},
         ("deploy.secretid", "deploy.secretkey", "deploy.cdndomains")),
    Case("deploy:\n  type: qcloud-cos\n  cosRegion: ap-guangzhou\n  cosSecretId: a1\n  cosSecretKey: s3cr3t-value\n"
         "  cosBucket: blog\n  cosAppid: 1250000000\n  remotePath: /b\n",
         {"bucket": "blog", "region": "ap-guangzhou", "prefix": "b"}, ("deploy.cossecretid", "deploy.cossecretkey")),
    Case("deploy:\n  type: cos\n  bucket: B_x\n  region: gz\n", {"bucket": None, "region": None},
         ("deploy.bucket", "deploy.region")),
    Case("deploy:\n  type: git\n  repo: https://x.test/r.git\n", {"taken": ()}, ("deploy of type git",)),
    Case("deploy:\n  type: sitepub\n", {"taken": ()}),
    Case("deploy:\n  type: ''\n", {"taken": ()}),
]

TABLES: dict[str, list[Case]] = {
    "netlify.toml": NETLIFY, "vercel.json": VERCEL, "edgeone.json": EDGEONE, "wrangler.toml": WRANGLER,
    "wrangler.jsonc": WRANGLER_JSONC, "cloudbaserc.json": CLOUDBASE, ".s3deploy.yml": S3DEPLOY, "hugo.toml": HUGO,
    "_config.yml": HEXO,
}
