"""sitepub: a static-site publisher for Tencent Cloud."""

import sys

# Nothing up to the end of this block may be what an old Python cannot read.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("sitepub needs Python 3.11 or newer, and this is Python %s (%s).\n"  # noqa: UP031
             "Install it with a newer one: python3.11 -m venv .venv && .venv/bin/pip install ."
             % (sys.version.split()[0], sys.executable))

__version__ = "0.1.0"
