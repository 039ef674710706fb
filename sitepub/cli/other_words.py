"""Words that people bring from other tools (serverless, hexo, Netlify, Vercel, wrangler, aws), and what they are here.

Used only when the command line was not understood.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import click

_MEANT: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("deploy", "It builds the site and publishes it.",
     ("publish", "push", "upload", "up", "d", "ship", "sync", "cp", "build", "generate", "g", "gen", "redeploy")),
    ("dev --local", "It publishes on save, reloads the browser and shows the visits.",
     ("serve", "server", "s", "start", "watch", "run", "live")),
    ("info", "It shows the address of the site and what is live.",
     ("open", "url", "browse", "status", "inspect", "show", "describe", "sites")),
    ("releases", "It lists what was published; sitepub stages shows what is live where.",
     ("list", "ls", "history", "versions", "deployments", "deploys", "deployment")),
    ("remove", "It takes the site down, and shows first what will be deleted.",
     ("rm", "delete", "destroy", "undeploy", "unpublish", "teardown", "down", "uninstall")),
    ("rollback", "It makes an earlier release live again.", ("undo", "revert", "restore", "back")),
    ("logs --follow", "It shows the visits as they happen; --stats counts them.",
     ("tail", "analytics", "stats", "visits", "metrics", "monitor")),
    ("plan", "It shows what deploy would do, and why.", ("print", "dry-run", "dryrun", "package", "changes")),
    ("check", "It looks for broken links; sitepub plan checks serverless.yml.",
     ("validate", "lint", "test", "verify", "audit")),
    ("init", "It starts a site from a template, or sets up the one in this folder.",
     ("new", "create", "scaffold", "setup", "link", "add")),
    ("login", "It stores an API key; sitepub whoami shows which account would be used.",
     ("config", "configure", "credentials", "auth", "account", "switch", "profile", "signin")),
    ("certs", "Domains stand below `hosts` in serverless.yml, and sitepub info shows them.",
     ("domain", "domains", "dns", "host", "hosts", "ssl", "https", "certificate", "certificates")),
    ("purge", "It makes the caches of the hosts fetch a page again.", ("flush", "invalidate", "refresh", "cache")),
    ("warm", "It loads pages into the caches of the hosts.", ("prefetch", "preheat", "push-cache")),
    ("mark", "It gives a release a name.", ("alias", "tag", "label")),
    ("plan", "Values for the pages stand below `env` in serverless.yml, others in a .env file.",
     ("env", "environment", "secret", "secrets", "vars", "param")),
    ("deploy", "It needs no clean-up before; sitepub remove takes the site down.", ("clean", "clear")),
    ("local status", "It shows the embedded cloud; sitepub local stop ends it.",
     ("stop", "cloud", "emulator", "emulators", "reset")),
    ("--version", "", ("version", "upgrade", "update")),
)
"""The command, a sentence about it, and what it is called elsewhere."""
_COMMANDS = {word: f"Did you mean: sitepub {command}? {about}".rstrip() for command, about, words in _MEANT
             for word in words}

_OPTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("--stage", "The stage is named with `--stage prod`.",
     ("--prod", "--production", "-s", "-e", "--env", "--environment", "--target-stage")),
    ("--inputs", "The region is set in serverless.yml, or for one run with `--inputs region=ap-beijing`.",
     ("--region", "-r")),
    ("--inputs", "The bucket is set in serverless.yml, or for one run with `--inputs bucketName=NAME`.",
     ("--bucket", "-b")),
    ("--inputs", "The folder to publish is set in serverless.yml, or for one run with `--inputs src=FOLDER`.",
     ("--dir", "-d", "--source", "--folder", "--public", "--dist", "--output-dir", "--assets")),
    ("--cwd", "`--cwd DIR` works in another folder.",
     ("--target", "--path", "-C", "--root", "--project", "--chdir", "--directory", "--config", "-c")),
    ("--preview", "`--preview NAME` publishes beside the live site.",
     ("--draft", "--alias", "--branch", "--preview-name")),
    ("--no-build", "`--no-build` publishes the build that is there.",
     ("--skip-build", "--nobuild", "--no-hook", "--skip-hook", "--prebuilt")),
    ("", "The hook in serverless.yml is run without an option.", ("--build", "-g", "--generate")),
    ("--dry-run", "`--dry-run` shows the plan and changes nothing.",
     ("--dryrun", "--noop", "-n", "--plan", "--whatif")),
    ("--yes", "`--yes` answers every question.",
     ("--confirm", "--non-interactive", "--noninteractive", "--assume-yes", "--no-input", "--auto-approve")),
    ("--allow-delete", "`--allow-delete` lets a deploy delete more than half of the site; less needs no option.",
     ("--delete", "--prune", "--del")),
    ("--debug", "`--debug` shows every request.", ("--verbose", "-v", "-vv", "--trace", "--log-level")),
    ("--json", "`--json` prints one object for programs.", ("--output", "-o", "--format")),
    ("", "Set the variable NO_COLOR=1 for output without colours.",
     ("--no-color", "--no-colour", "--no-ansi", "--color")),
    ("--follow", "`--follow` shows visits as they happen.", ("--tail", "-t", "--live")),
    ("--stage", "`sitepub dev` publishes whenever a file is saved.", ("--watch", "-w")),
    ("", "The embedded cloud has the port: `sitepub local start --port 3000`, before the command with --local.",
     ("--port",)),
    ("--quiet", "`--quiet` prints results and errors only.", ("--silent",)),
    ("--local", "`--local` uses the embedded cloud on this computer.", ("--offline", "--emulator", "--localhost")),
)
"""An option that the command must have for the hint to be right, the hint, and the words."""

_EXTRA = re.compile(r"Got unexpected extra arguments? \((.{1,200}?)\)")


def about_command(word: str) -> str | None:
    """What to use in place of a command that sitepub does not have."""
    return _COMMANDS.get(word.lower())


def about_option(word: str, known: Collection[str]) -> str | None:
    """What to use in place of an option. ``known``: those that the command has."""
    return next((hint for needed, hint, words in _OPTIONS if word in words and (not needed or needed in known)), None)


def about_extra(message: str, known: Collection[str]) -> str | None:
    """What a word behind a command was probably meant as: a stage or a folder."""
    found = _EXTRA.match(message)
    if found is None or "--cwd" not in known:
        return None
    word = found[1].split()[0]
    if word in {".", ".."} or "/" in word or "\\" in word:
        return f"A folder is named with `--cwd {word}`, what is published by `src` in serverless.yml."
    if "--stage" in known and word.isidentifier():
        return f"A stage is named with `--stage {word}`, a folder with --cwd."
    return None


def hint_for(error: click.UsageError) -> str | None:
    """What to write in place of the other tool's words."""
    if error.ctx is None:
        return None
    known = {name for param in error.ctx.command.params for name in param.opts}
    if error.ctx.parent is None and isinstance(error, click.NoSuchOption):
        return "Options stand behind the command: `sitepub deploy --stage prod`."
    if isinstance(error, click.NoSuchOption):
        return about_option(error.option_name, known)
    return about_extra(error.message, known)


def in_our_words(error: click.UsageError) -> str | None:
    """What is missing, in the form to write it; ``None`` where click's words do."""
    if error.ctx is None:
        return None
    if isinstance(error, click.BadOptionUsage) and error.message.endswith("requires an argument."):
        params = [param for param in error.ctx.command.params if error.option_name in param.opts]
        wanted = params[0].make_metavar(error.ctx).strip("[]").removesuffix("...") if params else "VALUE"
        return f"{error.option_name} needs a value: {error.option_name} {wanted}"
    if isinstance(error, click.MissingParameter) and isinstance(error.param, click.Argument):
        words = " ".join([error.ctx.command_path, *error.ctx.command.collect_usage_pieces(error.ctx)])
        choices = getattr(error.param.type, "choices", ())
        which = f" ({', '.join(choices)})" if choices else ""
        return f"{error.param.make_metavar(error.ctx)} is missing: {words.replace(' [OPTIONS]', '')}{which}"
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument):
        return f"{error.param.make_metavar(error.ctx).strip('[]')}: {error.message}"
    return None
