"""Models of serverless.yml: the top level, ``inputs`` and ``src``. Hosts are in ``host_models``.

They see the tree after ``spellings`` brought every accepted spelling to one. The descriptions here are
those in docs/configuration.md and in the JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from sitepub.config.identifiers import IDENTIFIER, is_identifier
from sitepub.config.models.bucket import (
    AclShape,
    CorsShape,
    HeadersShape,
    LifecycleShape,
    LogsShape,
    RedirectRuleShape,
    StateShape,
    TagShape,
)
from sitepub.config.models.checks import ChecksShape
from sitepub.config.models.fields import (
    AnyMap,
    BucketName,
    FilledText,
    Flag,
    Identifier,
    InnerPath,
    Line,
    Number,
    OneOrMore,
    Region,
    Shape,
    Text,
    TextList,
    inner_path,
    wrong,
)
from sitepub.config.models.notify import NotifyShape
from sitepub.config.models.preview import PreviewShape
from sitepub.config.models.releases import ReleasesShape


def _document_name(value: str) -> str:
    name = inner_path(value)
    if not name:
        raise wrong("expected the name of a page, such as index.html")
    return name


def _index_name(value: str) -> str:
    name = _document_name(value)
    if "/" in name:
        raise wrong("expected the name of a page in every folder, without a path")
    return name


def _stage_name(value: str) -> str:
    if not is_identifier(value.replace("*", "x")):
        raise wrong(f"a stage's name: {IDENTIFIER}")
    return value


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise wrong("expected a share of the visitors from 0 to 1, such as 0.1")
    return value


StageNames = Annotated[list[Annotated[Text, AfterValidator(_stage_name)]], OneOrMore()]
Share = Annotated[Number, AfterValidator(_share)]


def _rule_file(value: Any) -> Any:
    """A name; "" for none at all."""
    if value is False:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise wrong("expected the name of a file, or false", "false: no such file is read.")
    return value


RuleFile = Annotated[str, BeforeValidator(_rule_file), WithJsonSchema({
    "anyOf": [{"type": "string"}, {"const": False}]})]


class SourceShape(Shape):
    """Where the published files come from."""

    src: FilledText | None = Field(None, description=(
        "The folder to publish, from the folder of serverless.yml. With a hook, the folder it runs in "
        "(then `./` when left out)."))
    root: FilledText | None = Field(None, description=(
        "Old form only: the folder that the hook runs in and that `src` is seen from."))
    hook: FilledText | None = Field(None, description=(
        "Command that builds the site, such as `npm run build` or `npx hexo generate`. Needs `dist`."))
    dist: FilledText | None = Field(None, description="The folder that the hook fills; it is published.")
    index: Annotated[Text, AfterValidator(_index_name)] = Field(
        "index.html", description="Index document of every folder.")
    error: Annotated[Text, AfterValidator(_document_name)] = Field(
        "error.html", description="Error document. Left out: `error.html`, or else the `404.html` that the site has.")
    website_path: InnerPath = Field("", description="Folder inside the published one that is the web root.")
    env_path: InnerPath = Field("", description="Folder below the web root that `env.js` is written to.")
    target_dir: InnerPath = Field("", description="Prefix of every object key, after `keyPrefix`.")
    include: TextList = Field([], description=(
        "Files to publish although an exclude pattern or a default rule leaves them out (what may hold secrets needs "
        "`allowSecrets`); patterns in gitignore syntax."))
    exclude: TextList = Field([], description="Files not to publish; patterns in gitignore syntax.")
    timeout: Number | None = Field(None, gt=0, description="Seconds after which the hook is stopped.")
    allow_secrets: TextList = Field([], description=(
        "Files to publish although they look like private keys or credentials, or lie in `.git` or an `.env` file; "
        "gitignore syntax."))
    follow_links: Flag = Field(False, description=(
        "Publish what symbolic links lead to outside of the published folder (Bazel, pnpm and CI caches make such "
        "links). Links within the folder are always followed."))
    allow_errors: TextList = Field([], description=(
        "Lines of the build's output that are no failures although a known tool prints them for one; `*` stands "
        "for anything, so `*` alone leaves the exit status as the only judge."))


class DevShape(Shape):
    """What `sitepub dev` does."""

    watch: TextList = Field([], description=(
        "Folders and files to watch, from the folder of serverless.yml. Left out: `src.src`, the folder that "
        "the hook runs in. Without a hook the published folder itself is watched."))
    ignore: TextList = Field([], description=(
        "Files whose changes mean nothing; patterns in gitignore syntax, from the folder of serverless.yml."))
    command: FilledText | None = Field(None, description=(
        "Command that builds whenever a source changes, such as `npx hexo generate --watch`. It is kept "
        "running in place of the hook, and what it writes into `dist` is published."))


class InputsShape(Shape):
    """The site."""

    src: SourceShape = Field(description="The folder to publish, as text, or a map with the keys of `src`.")
    bucket_name: BucketName | None = Field(None, description=(
        "The bucket; `-APPID` is added when it is missing. Left out: `<app>-<name>-<stage>`. "
        "`bucket` is another name for it."))
    region: Region = Field("ap-guangzhou", description=(
        "Region of the bucket. One that is not known is refused; `--yes` takes one that is newer than sitepub."))
    protocol: Literal["http", "https"] = Field("https", description=(
        "Protocol of the website: of the printed address, and with https all requests are redirected to it. "
        "In the old form the default is http."))
    env: AnyMap = Field({}, description=(
        "Values for the pages: written to `env.js` as `window.env`, and passed to the hook. Everybody can "
        "read them."))
    replace: Flag = Field(False, description=(
        "After the upload, also delete remote files that the site does not have and sitepub did not upload."))
    ignore_html_ext: Flag = Field(False, description="`/about` serves `about.html`.")
    disable_error_status: Flag = Field(False, description=(
        "The error document answers with status 200 instead of 404, for single-page apps."))
    auto_setup_acl: Flag = Field(True, description="Let everybody read the bucket, by its ACL.")
    auto_setup_policy: Flag = Field(False, description="Let everybody read the bucket, by a policy.")
    acl: AclShape | None = Field(None, description=(
        "ACL of the bucket: `public-read`, `private` or `public-read-write`, as text or in `permissions`."))
    policy: AnyMap | None = Field(None, description="Policy of the bucket, in the COS form (436/8282).")
    tags: list[TagShape] | None = Field(None, max_length=50, description="Tags of the bucket.")
    cors: list[CorsShape] | None = Field(None, max_length=100, description="CORS rules of the bucket.")
    lifecycle: list[LifecycleShape] | None = Field(None, max_length=1000,
                                                   description="Lifecycle rules of the bucket.")
    redirect_rules: list[RedirectRuleShape] = Field([], max_length=100,
                                                    description="Redirects of the website.")
    key_prefix: InnerPath = Field("", description="Prefix of every object key.")
    headers: list[HeadersShape] = Field([], description=(
        "Response headers for files; later rules win, header by header. A map of pattern to headers is taken "
        "too."))
    headers_file: RuleFile | None = Field(None, description=(
        "Response headers in the form of Netlify and Cloudflare Pages; a file, from the folder of serverless.yml. Left "
        "out: `_headers` in the published folder, if it is there. `false`: none is read."))
    redirects_file: RuleFile | None = Field(None, description=(
        "Redirects in their form, likewise. Left out: `_redirects` in the published folder."))
    security_headers: Literal["recommended"] | None = Field(None, description=(
        "`recommended`: the CDN or EdgeOne adds the usual security headers to every answer; `_headers` wins."))
    unsupported_rules: Literal["refuse", "warn"] = Field("refuse", description=(
        "What becomes of rules in these two files that cannot be done: the deploy is refused, or goes on without them "
        "and warns."))
    accelerate: Flag = Field(False, description="Switch global acceleration on for the bucket and upload through it.")
    logs: LogsShape | None = Field(None, description="Where `sitepub logs` finds the visits of the hosts.")
    state: StateShape | None = Field(None, description="Where sitepub keeps its own state.")
    releases: ReleasesShape | None = Field(None, description="Which releases are kept, and how long.")
    preview: PreviewShape | None = Field(None, description=(
        "What previews of the site are like. Where the key stands, `sitepub ci run` makes one of each request."))
    protect: StageNames = Field([], description=(
        "May stand here, too: see `protect` at the top level."))
    traffic: Share | None = Field(None, description=(
        "Which share of the visitors gets the new release: 0 to 1, usually on the command line "
        "(`--inputs traffic=0.1`). Below 1 it takes `releases.slots`, and is refused before anything is built where "
        "the edge gives all visitors the same."))
    publish: Flag = Field(False, description=(
        "Mark the release as `stable`, usually on the command line (`--inputs publish=true`). While a share of the "
        "visitors has a release, that one becomes live for all."))
    checks: ChecksShape | None = Field(None, description=(
        "What `deploy` and `plan` check before publishing, and `sitepub check`: a map, or `warn`, `fail`."))
    https: AnyMap | None = Field(None, description=(
        "HTTPS settings of every host that has none of its own, or `auto`."))
    purge: Literal["changed", "all", "none"] = Field("changed", description=(
        "What is purged from the hosts after a deploy: the addresses of what changed, everything, nothing."))
    notify: NotifyShape | None = Field(None, description="Search engines that get the addresses of changed pages.")
    dev: DevShape | None = Field(None, description="What `sitepub dev` does.")
    hosts: list[AnyMap] = Field([], description="Custom domains.")


class StageShape(Shape):
    """What one stage has of its own."""

    branch: TextList = Field([], description=(
        "The branches that publish to this stage: names, or patterns in which `*` stands for anything."))
    inputs: AnyMap | None = Field(None, description=(
        "Merged over `inputs` in this stage: maps key by key, lists and everything else as a whole. A key that holds "
        "nothing takes the value away."))


class ConfigShape(Shape):
    """serverless.yml."""

    component: Text = Field(description=(
        "`website`. The old form `@serverless/tencent-website` has `code` (`root`, `src`, `hook`, `envPath`) "
        "instead of `src`."))
    name: Identifier = Field(description="Name of the site.")
    app: Identifier | None = Field(None, description="Name of the application; `name` when left out.")
    stage: Identifier = Field("dev", description="Environment: dev, testing, prod …; `--stage` wins, then `stages`.")
    stages: dict[str, Text | StageShape] | None = Field(None, description=(
        "Which branch publishes to which stage, and what a stage has of its own. See [stages](#stages)."))
    protect: StageNames = Field([], description=(
        "Stages in which files that are not committed do not go live without a question: names, or patterns in which "
        "`*` stands for anything. `inputs.protect` means the same."))
    org: Line | None = Field(None, description="Owner; shown, and for `${org}`.")
    inputs: InputsShape = Field(description="The site.")
