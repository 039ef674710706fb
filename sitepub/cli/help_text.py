"""What ``sitepub --help`` prints, ready-made: printing it takes no click. A test compares it with click's.

``python -m sitepub.cli.help_text`` writes this file anew.
"""

HELP = """\
Usage: sitepub [OPTIONS] [COMMAND] [ARGS]...

  Publish static sites to Tencent Cloud, or to the embedded cloud on this
  computer.

Options:
  --cwd DIR   Work in this folder.
  --debug     Show details and tracebacks.
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Site:
  init    Start a site from a template, or set up the one in this folder.
  deploy  Build the site and publish what changed.
  plan    Show what deploy would do, and why.
  check   Look for broken links and other faults in the site.
  dev     Publish whenever something is saved; show who visits.
  info    Show where the site is and what is live.
  logs    Show who visits the site, now or earlier.
  remove  Take the site down and delete what sitepub made.

Releases:
  releases  List what was published, and which release is live.
  rollback  Make an earlier release live again.
  promote   Make live in one stage what is live in another.
  traffic   Show or change which visitors get which release.
  diff      Show which files differ between releases, or from the folder.
  mark      Give a release a name, such as stable.
  previews  List the previews of the site, show or remove them.
  stages    List all stages of the app and what is live in each.
  prune     Remove the stages whose git branch is merged or deleted.
  unlock    Show who holds the lock of the site, and remove it.

Domains:
  certs  List the certificates of the hosts, and renew them.
  purge  Remove old files from the caches of the hosts.
  warm   Load pages into the caches before visitors ask.

Account:
  login   Check an API key and save it as a profile.
  logout  Delete a saved profile.
  whoami  Show which account would be used.

Tools:
  ci          Run in CI: deploy a branch, plan and preview a request.
  doctor      Check this computer, the credentials and the cloud.
  local       Start, stop, show or reset the embedded cloud.
  schema      Print the JSON Schema of serverless.yml.
  completion  Print a completion script for your shell.
"""


def write() -> None:
    """Put what click prints into this file."""
    from pathlib import Path

    import click

    from sitepub.cli.main import root

    file = Path(__file__)
    before, mark, rest = file.read_text(encoding="utf-8").partition('HELP = """\\\n')
    after = rest[rest.index('"""\n'):]
    with click.Context(root(), info_name="sitepub", terminal_width=80) as context:
        text = root().get_help(context)
    file.write_text(f"{before}{mark}{text}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    write()
