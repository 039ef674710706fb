"""Writes docs/commands.md from the commands: ``python -m sitepub.cli.reference > docs/commands.md``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from sitepub.cli.main import SECTIONS, root

_INTRO = """\
# Commands

Made from the program's own help by `python -m sitepub.cli.reference`; a test fails when it is stale.

Results go to stdout; progress, notes, warnings and errors go to stderr. `--json` prints one object on stdout.
`NO_COLOR` is honoured, and nothing moves or asks where there is no terminal.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed |
| 2 | wrong usage or configuration (`plan --detailed-exitcode`: there is something to do) |
| 3 | credentials missing, wrong, or without the permission |
| 4 | partly done: run the same command again (`plan`: not everything could be checked) |
| 5 | refused: by a safety check, by a lock, or by your answer |
| 130 | interrupted by Ctrl-C, SIGTERM or SIGHUP: run the same command again, it goes on from there |

Every command ends within a second of the first Ctrl-C. A build hook that does not end by then is killed, with all
processes that it started. Other computers may find the site locked for up to a minute.

## Environment

Only the first three rows may also stand in a `.env` file.

| variable | meaning |
| --- | --- |
| `TENCENTCLOUD_SECRET_ID`, `TENCENTCLOUD_SECRET_KEY`, `TENCENTCLOUD_TOKEN` | The key to use; the same names with `TENCENT_` are read too. |
| `TENCENT_APP_ID` | The number of the account, so that `cam:GetUserAppId` is not asked for it. |
| `TENCENTCLOUD_SITE` | `intl` for an account of tencentcloud.com; `cn`, the default, for one of cloud.tencent.com. |
| `SITEPUB_CVM_ROLE` | On a virtual machine (CVM): its role by name, or `auto`. |
| `SITEPUB_HOME` | One folder for everything that sitepub keeps on this computer. |
| `SITEPUB_LOCAL_DATA` | The data folder of the embedded cloud. |
| `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` | The proxy for all requests to the cloud, and the hosts that need none. |
| `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`, `CURL_CA_BUNDLE`, `SSL_CERT_DIR` | The certificates to trust in place of the system's: the first that is set, alone. |
| `NO_COLOR`, `FORCE_COLOR` | No colours; colours also without a terminal. The first wins. |
| `BROWSER` | The browser that `sitepub dev` opens. |
"""  # noqa: E501 - a row of a table is one line


def commands_page() -> str:
    """The whole page, Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRO
    group = root()
    with group.make_context("sitepub", [], resilient_parsing=True) as context:
        for title, commands in SECTIONS.items():
            yield f"## {title}\n"
            for name in commands:
                command = group.get_command(context, name)
                assert command is not None
                yield from _command(command, f"sitepub {name}", context)


def _command(command: click.Command, path: str, parent: click.Context) -> Iterator[str]:
    name = path.rpartition(" ")[2]
    with click.Context(command, info_name=name, parent=parent, terminal_width=96,
                       max_content_width=96) as context:
        yield f"### {path}\n"
        yield "```text"
        yield "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        yield "```\n"
        if isinstance(command, click.Group):
            for inner_name in command.list_commands(context):
                inner = command.get_command(context, inner_name)
                assert inner is not None
                yield from _command(inner, f"{path} {inner_name}", context)


if __name__ == "__main__":
    print(commands_page(), end="")
