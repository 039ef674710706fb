"""The text of docs/configuration.md around the tables."""

from __future__ import annotations

INTRO = """\
# Configuration

<!-- Written by `python -m sitepub.config.reference`; change the models instead. -->

A site is described by `serverless.yml` (or `serverless.yaml`, or `serverless.json`) in its folder. The
file is the one that the `website` component of the Serverless Cloud Framework reads; what is new is
marked *new*.

The shortest one publishes a folder as it is:

```yaml
component: website
name: my-site
inputs:
  src: ./public
```

A blog that is built first, with an address of its own and pages that are never stale:

```yaml
# yaml-language-server: $schema=./serverless.schema.json
component: website
name: my-blog
app: my-blog
stage: ${env:STAGE, 'dev'}

inputs:
  src:
    hook: npx hexo generate
    dist: ./public
    error: 404.html
  region: ap-guangzhou
  bucketName: my-blog-${stage}
  env:
    API_URL: ${env:API_URL}
  headers:
    - files: "*.html"
      set:
        Cache-Control: no-cache
    - files: [/assets/, "*.woff2"]
      set:
        Cache-Control: public, max-age=31536000, immutable
```

`sitepub schema > serverless.schema.json` writes the JSON Schema that editors complete and check keys
with.

## Rules

- All mistakes are reported together, with file, line and column. Unknown keys are mistakes.
- The files are YAML 1.2: only `true` and `false` are booleans; `on`, `off`, `yes` and `no` are text.
  Keys of the type on/off take `true` and `false` too. A key may stand only once.
- A number where text is wanted is taken as it is written: `value: 007` is the text `007`.
- A key that holds nothing counts as left out.
- Patterns of files are those of `.gitignore`, seen from the web root (not from the folder of this file): `*.map` is
  any such file, `/drafts/` a folder directly in the web root, `**/old/*.png` in any folder. Braces work as in a shell:
  `*.{map,md}`. A pattern that matches no file is a warning, with its place and what was probably meant.
- Anchors, aliases and merge keys (`<<`) work; top-level keys that begin with `x-` are a place for them.
- A folder without a file of its own deploys the sites in the folders below it, in the order of their
  names.
- `app`, `stage`, `stages` and `org` may come from the `serverless.yml` of the parent folder, if that has no
  `component`.

## Variables

| variable | value |
|---|---|
| `${env:NAME}` | environment variable, or a line of a `.env` file |
| `${env:NAME, 'default'}` | the same, with a default |
| `${name}`, `${app}`, `${stage}`, `${org}` | the top-level values |
| `${git:branch}` | *new:* the branch that is checked out; in CI the one that its variables name |
| `${git:commit}` | *new:* the commit that is checked out, all of its digits |
| `${git:tag}` | *new:* the tag of that commit; of several the last version |
| `${git:dirty}` | *new:* `true` when files that git knows below the project differ from the commit, else `false` |
| `${preview}` | the name of the preview; in `preview.host` alone |
| `$${` | the text `${` itself |

They may stand in every value, several in one, and inside each other (`${env:KEY_${stage}}`). The result
is text; `true`, `false` and numbers written as text are taken where a boolean or a number is wanted. A
variable that is not set and has no default is a mistake.

## .env files

`.env.STAGE` and then `.env` are read, in the folder of serverless.yml and in the two folders above it.
The first file that sets a variable wins, and the real environment wins over all files. The stage itself
may come from `.env` (`stage: ${env:STAGE}`); `--stage` wins over everything.

```sh
# a comment
export API_URL=https://api.example.com   # another
GREETING="two\\nlines"
LITERAL='nothing is $replaced here'
```

Quoted values may have several lines. Nothing is expanded inside the values.

The project ends at the root of its git repository, or at the folder of serverless.yml when there is none. A file above
that is read only when it and its folder belong to the owner of the project and no other user may write to them; a
warning names it each time. The same holds for a serverless.yml above the project.

Variables that make programs load code, or that decide which certificates they trust and where requests go, are never
taken from these files: `LD_*`, `DYLD_*`, `PATH`, `HOME`, `BASH_ENV`, `NODE_OPTIONS`, `PYTHONPATH`, `PERL5LIB`,
`RUBYOPT`, `JAVA_TOOL_OPTIONS`, `GIT_*`, `npm_config_*`, `HTTP_PROXY`, `SSL_CERT_FILE` and others of their kind.
sitepub warns of them. Set them in the real environment, or in the command that needs them:
`hook: NODE_OPTIONS=--no-warnings npm run build`.

## --inputs

`--inputs key=value` sets a value below `inputs`, and may be given several times, or once with several
assignments: `--inputs src.index=home.html hosts.0.host=www.example.com`. Values are JSON (`true`, `12`,
`[…]`, `{…}`, `"…"`, `null`); everything else is text, and so are numbers with leading zeros or trailing
decimals (`007`, `1.0`). The index after the last one appends to a list; `\\.` is a dot inside a key.
"""
HEADERS = """\
*New.* `headers: {"*.html": {Cache-Control: no-cache}}`, a map of pattern to headers, means the same.

```yml
headers:
  - files: "/docs/"                  # everything in a folder
    set: {Content-Type: text/plain}
  - files: "/docs/**/*.{html,css}"   # but these as their names say
    set: {Content-Type: default}
  - files: ["*", "!*.html"]          # all files but pages; "!*.html" alone means the same
    set: {Content-Language: zh-CN}
  - match: no-extension              # names without an extension
    files: /.well-known/
    set: {Content-Type: application/json}
```

A pattern with `!`, a wildcard and no slash is compared with the names of files, not of folders."""
STAGES = """\
*New.* The stage is that of `--stage`; else the one that `stages` has for the branch; else `stage`; else `dev`.

```yml
stages:
  main: prod                  # text: the key is a branch, the text its stage
  "release/*": staging
  "feature/*": ${branch}      # one stage for each branch
  prod:                       # a map: the key is a stage, and this is what it has of its own
    inputs:
      bucketName: my-blog
      hosts: [{host: www.example.com}]
  testing:
    branch: [testing, "test/*"]   # another way to name the branches
  "feature-*":                # for all stages that fit
    inputs: {env: {API_URL: https://api.test.example.com}}
```

The kind of a value says what its key is: **text** stands behind a branch, a **map** behind a stage. `branch` in the map
names branches as well; it is needed where a branch and a stage that has a map are called the same.

- In a pattern `*` stands for anything, also for slashes. An exact name comes before every pattern; of several patterns
  the first one that fits counts for a branch, and all that fit are merged for a stage, its own name last.
- `${branch}` is the branch as a stage's name: lower case, with `-` for everything that is neither letter nor digit, at
  most 30 characters. What is longer, or holds letters that are not ASCII, ends with a hash. The same is done with a
  `stage` that holds `${git:…}`: `stage: ${git:branch}` is one stage for each branch. `feature/a` and `feature-a` are
  the same stage.
- The branch is the one that is checked out. CI systems check out a commit; then it is the one that their variables
  name (GitHub, GitLab, CNB, Gitee, CODING, Jenkins, CircleCI, Travis, Buildkite, Drone, Woodpecker, Azure, Bitbucket).
  For a request it is the branch of the changes, also where the target is checked out. For a request from a
  fork it is `owner:branch`, so a branch that is called `main` in a fork is not yours.
- A branch that nothing fits has the stage of `stage`; when that is missing too, nothing is published.
- `stages` may come from the `serverless.yml` of the parent folder, like `stage`.
- `sitepub dev` asks before it publishes each save to the stage of a branch (`--local` does not), and stays with that
  stage when another branch is checked out meanwhile.
- `sitepub plan --explain` shows why it is this stage, and each input that it has of its own."""
OLD = """\
## The old form

`component: "@serverless/tencent-website"` is read as well. There `code` stands in place of `src`: the
hook runs in `code.root`, and `code.src` below it is the folder to publish (with a hook: the folder it
fills). The default of `protocol` is `http`. The whole may stand below a key that names the site, as the
first version had it:

```yaml
mySite:
  component: "@serverless/tencent-website"
  inputs:
    code:
      root: ./frontend
      src: ./dist
      hook: npm run build
```

With `env`, the build finds `env.js` in `code.root` (below it in `code.envPath`) while the hook runs; afterwards it is
taken away. Its words for hosts are read too: those of the CDN API of 2017 (`https.certId`, `cert`, `privateKey`,
`forceSwitch`, `cache: [{type, rule, time}]`) and names in capitals (`Https: {Switch: on}`). Of one file one site is
read: a second one is a mistake.
"""
