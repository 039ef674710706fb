"""Environment variables that make programs load code, or decide which certificates they trust.

They are never taken from a ``.env`` file.

What sudo takes out of an environment (env.c), what glibc ignores for programs with more rights (unsecvars.h), and
what runtimes, package managers and TLS libraries document of the same kind. Names are compared in any case, as
Windows does, and npm and proxies everywhere.
"""

from __future__ import annotations

import re

_LOADERS = re.compile(r"""
    # the linker and the C library
    _?LD_.+ | DYLD_.+ | _RLD.* | SHLIB_PATH | LIBPATH | GCONV_PATH | GETCONF_DIR | LOCPATH | NLSPATH | MALLOC_.+
    | HOSTALIASES | LOCALDOMAIN | RES_OPTIONS | RESOLV_.+ | GLIBC_TUNABLES | KRB5_.+ | TERMINFO.* | TERMCAP | TERMPATH
    # shells
    | BASH_ENV | BASHOPTS | SHELLOPTS | BASH_FUNC_.+ | BASH_LOADABLES_PATH | ZDOTDIR | FPATH | IFS | PS[0-4]
    | PROMPT_COMMAND | CDPATH | GLOBIGNORE | NULLCMD | READNULLCMD | SHELL | COMSPEC | PATH | PATHEXT
    # where every program looks for its settings
    | HOME | USERPROFILE | APPDATA | LOCALAPPDATA | XDG_.+ | SYSTEMROOT | WINDIR
    # runtimes
    | NODE_(?:OPTIONS|PATH|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED|REPL_EXTERNAL_MODULE|V8_COVERAGE|ICU_DATA|USE_.+)
    | ELECTRON_RUN_AS_NODE | DENO_.+ | BUN_(?:OPTIONS|INSPECT.*|CONFIG.*|INSTALL.*) | TS_NODE_.+ | TSX_.+
    | PYTHON(?!UNBUFFERED$|IOENCODING$|UTF8$|DONTWRITEBYTECODE$|HASHSEED$)[A-Z].+ | PERL[A-Z0-9].* | PERL_.+
    | RUBY[A-Z].+ | GEM_(?:HOME|PATH|SPEC_CACHE) | BUNDLE_.+ | BUNDLER_.+ | RBENV_.+
    | _?JAVA_(?:TOOL_)?OPTIONS | JAVA_OPTS | JDK_JAVA_OPTIONS | CLASSPATH | MAVEN_.+ | GRADLE_.+ | JVM_.+
    | PHPRC | PHP_INI_SCAN_DIR | LUA_(?:INIT|PATH|CPATH).* | GO(?:FLAGS|ENV|PROXY|ROOT|TOOLCHAIN|INSECURE|SUMDB)
    | RUSTC_.*WRAPPER | RUSTC | RUSTFLAGS | CARGO_.+ | RUSTUP_.+ | DOTNET_STARTUP_HOOKS
    | (?:CORECLR|COR|DOTNET)_.*PROFIL.+
    | MAKEFLAGS | MAKEFILES | CC | CXX | LD
    # programs that others start
    | (?:GIT_|MAN)?PAGER | EDITOR | VISUAL | LESSOPEN | LESSCLOSE
    # package managers and version control
    | NPM_CONFIG_.+ | YARN_(?!ENABLE_TELEMETRY$).+ | PNPM_.+ | COREPACK_.+ | PIP_.+ | UV_.+ | HGRCPATH | SVN_SSH
    | SSH_ASKPASS.*
    | GIT_(?!COMMIT$|COMMIT_(?:SHA|HASH|REF|MESSAGE|DATE|TIME)$|SHA1?$|BRANCH$|TAG$|HASH$|REV$|REVISION$|REF$|VERSION$
           |(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)$).+
    # which certificates TLS trusts, and where requests go
    | SSL_CERT_(?:FILE|DIR) | SSLKEYLOGFILE | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE | CURL_HOME | AWS_CA_BUNDLE
    | OPENSSL_(?:CONF.*|MODULES|ENGINES) | (?:HTTPS?|ALL|FTP|NO|WS|WSS|SOCKS)_PROXY | .+_TLS_REJECT_UNAUTHORIZED
    | (?:TENCENT|TENCENTCLOUD|QCLOUD|TCCLI|COS|TKE)_.*(?:ENDPOINT|HOST|DOMAIN|PROXY|API_URL|URI|ROLE_ARN|PROVIDER_ID).*
    | TKE_.+ | SITEPUB_.+
    """, re.VERBOSE | re.IGNORECASE)


def loads_code(name: str, value: str) -> bool:
    """Is this a variable that a ``.env`` file must not set?"""
    if name in ("ENV", "BROWSER"):
        # Shells run the file that ENV names. Most projects mean something else: ENV=production, BROWSER=none.
        return re.search(r"[/\\$`~]", value) is not None
    return _LOADERS.fullmatch(name) is not None
