"""Names of files that hold keys or passwords, in any case and in any folder.

Collected from the public lists of gitrob, shhgit and git-secrets' kin, from GitHub's gitignore templates, and from
the documentation of the tools that write the files.
"""

from __future__ import annotations

import re
from functools import lru_cache

OPTION = "src.allowSecrets"
"""What names the files that are published all the same."""

_SSH = "an SSH private key by its name"
_HISTORY = "the history of a shell or a database client"
_ACCOUNT = "keys of a Tencent Cloud account"
_CLOUD = "keys of a cloud account"
_TRANSFER = "passwords of a file transfer program"
_TOKEN = "a file that holds a token"
_APP = "settings of a web application, which hold its passwords"
_DEPLOYMENT = "settings of a deployment, which may hold keys"
_CONTAINER = "a container of private keys"
_PASSWORDS = "a container of passwords"
_STATE = "state or variables of Terraform, which hold passwords in plain text"
_ENVIRONMENT = "environment variables, which hold keys"


def _all(names: str, what: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), what)


_NAMES = {
    **_all(".npmrc _npmrc npmrc", "settings of npm, which hold its token"),
    ".yarnrc.yml": "settings of Yarn, which hold its token",
    ".pypirc": "passwords for PyPI",
    **_all(".netrc _netrc .authinfo .authinfo.gpg", "passwords for hosts"),
    **_all(".wgetrc .curlrc _curlrc .fetchmailrc .msmtprc .getmailrc .mutt .muttrc .neomuttrc .smbcredentials "
           ".cifscredentials rsyncd.secrets .rsyncd.secrets rsync.secrets", "passwords for hosts"),
    **_all(".htpasswd htpasswd .htdigest .htpasswds", "passwords of a web server"),
    **_all(".git-credentials git-credentials .git_credentials", "passwords for Git"),
    **_all(".pgpass pgpass.conf .pg_service.conf", "passwords for PostgreSQL"),
    **_all(".my.cnf .mylogin.cnf", "a password for MySQL"),
    **_all(".dockercfg .dockerconfigjson", "passwords for Docker registries"),
    **_all(".s3cfg .boto .s3ql.authinfo2 .passwd-s3fs passwd-s3fs rclone.conf .rclone.conf .mc.json .ossutilconfig "
           ".qshell.json .bceconfig", "keys for object storage"),
    **_all(".cos.conf .cos.yaml .coscli.yaml .cos.yml", _ACCOUNT),
    **_all("application_default_credentials.json access_tokens.db credentials.db accesstokens.json "
           "azureprofile.json msal_token_cache.json .azurecredentials rootkey.csv accesskeys.csv accesskey.csv",
           _CLOUD),
    **_all(".terraformrc terraform.rc credentials.tfrc.json", "a token for Terraform"),
    **_all(".bash_history .zsh_history .sh_history .ash_history .history fish_history .mysql_history .psql_history "
           ".sqlite_history .rediscli_history .mongo_history .dbshell .python_history .node_repl_history "
           ".irb_history .pry_history consolehost_history.txt", _HISTORY),
    **_all(".env .flaskenv .envrc .env.local .env.development .env.production .env.staging .env.test .env.prod "
           ".env.dev .dev.vars .secrets .secret env.local env.production", _ENVIRONMENT),
    **_all("master.key production.key development.key staging.key",
           "the key that decrypts a Rails application's secrets"),
    **_all("secrets.yml secrets.yaml secrets.toml secrets.json secrets.ini secrets.py secrets.rb secret_token.rb "
           ".vault_pass .vault_pass.txt .vault-password vault_pass.txt secret_key_base .secret_key secret.key "
           "client_secret.json client_secrets.json", "secrets by its name"),
    **_all("wp-config.php configuration.php localsettings.php config.inc.php local_settings.py database.yml "
           "database.php settings.inc.php app/etc/env.php parameters.yml", _APP),
    **_all("filezilla.xml sitemanager.xml recentservers.xml sftp-config.json .ftpconfig .ftppass .remote-sync.json "
           ".sftpconfig.json winscp.ini webservers.xml ws_ftp.ini proftpdpasswd ftpsync.settings "
           "deployment-config.json .lftprc", _TRANSFER),
    **_all(".sentryclirc .vault-token .netlifyrc .surgerc .cfrc .heroku .travis.token .tugboat .gemrc.credentials "
           ".clasprc.json .expo-token .vercel-token .twurlrc .trc hosts.yml.token .composer-auth.json", _TOKEN),
    **_all("dbeaver-data-sources.xml .dbeaver-data-sources.xml robomongo.json credentials-config.json "
           "favorites.plist", "passwords for databases"),
    **_all("credentials.xml hudson.util.secret "
           "jenkins.plugins.publish_over_ssh.bapsshpublisherplugin.xml", "credentials of Jenkins"),
    **_all("secring.gpg secring.pgp otr.private_key private-keys-v1.d key3.db key4.db logins.json "
           "signons.sqlite", "private keys or passwords of a program"),
    **_all("kubeconfig .kubeconfig admin.conf.kube", "credentials of a Kubernetes cluster"),
    **_all("settings-security.xml .m2settings.xml", "passwords of Maven"),
    **_all("shadow shadow- gshadow", "passwords of a system"),
    **_all("serverless.yml serverless.yaml serverless.json", _DEPLOYMENT),
    ".tfvars": _STATE,
}
_EXTENSIONS = {
    **_all("p12 pfx pkcs12 jks jceks bks keystore keytab keychain", _CONTAINER),
    "ppk": "a private key of PuTTY",
    **_all("kdbx kdb psafe3 agilekeychain opvault kwallet 1pif enpassdb", _PASSWORDS),
    "ovpn": "settings of a VPN, which hold its private key",
    **_all("bek fve", "a recovery key of BitLocker"),
    **_all("tfvars tfstate", _STATE),
    **_all("env envrc", _ENVIRONMENT),
    "kubeconfig": "credentials of a Kubernetes cluster",
}
_PATTERNS = re.compile(
    r"(?P<ssh>(?:.{0,60}[._-])?id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?|ssh_host_[a-z0-9]{1,10}_key"
    r"|.{1,60}_(?:rsa|dsa|ecdsa|ed25519))"
    r"|(?P<environment>\.env[._-].{1,60})"
    r"|(?P<deployment>serverless[._-].{1,40}\.(?:ya?ml|json))"
    r"|(?P<state>.{1,80}\.tfvars\.json|.{0,80}\.tfstate\..{1,40})"
    r"|(?P<container>[a-z0-9._-]{0,60}\.(?:p12|pfx|jks|keystore)\.b(?:ase)?64)", re.DOTALL)
_OF_PATTERN = {"ssh": _SSH, "environment": _ENVIRONMENT, "deployment": _DEPLOYMENT, "state": _STATE,
               "container": _CONTAINER}
_HARMLESS = re.compile(
    r".*[._-](?:example|sample|template|tmpl|dist|pub|defaults?|schema|md|html?|enc|gpg|age|asc|sops"
    r"|(?:example|sample|template)\.[a-z]{1,5})", re.DOTALL)
"""Written to be shown, or encrypted."""
_COPY = re.compile(r"(?:[._ -](?:bak|backup|bkp|old|orig|original|save|saved|copy|tmp|temp|prev|previous|rej|swp|swo"
                   r"|new|disabled|off|[0-9]{1,8})|~| \([0-9]{1,3}\)| copy|,v|\.txt)\Z")
"""What people and editors put behind the name of a copy."""

CREDENTIAL_FOLDERS = {
    ".ssh": "a file of SSH's own folder",
    ".aws": "a file of the AWS tools' folder of credentials",
    ".tencentcloud": "a file of Tencent Cloud's folder of credentials",
    ".tccli": "a file of Tencent Cloud's folder of credentials",
    ".gnupg": "a file of GnuPG's own folder",
    ".kube": "a file of kubectl's folder of credentials",
    ".docker": "a file of Docker's folder of credentials",
    **_all(".azure .gcloud .oci .aliyun .bluemix .huaweicloud .hcloud .volc .qcloud .coscli",
           "a file of a cloud tool's folder of credentials"),
    **_all(".password-store .gem .vault .chef .minikube .irssi .purple .thunderbird .mozilla .electrum "
           ".terraform.d .putty", "a file of a program's folder of keys and passwords"),
}
_BELOW = {
    **_all("cargo/credentials cargo/credentials.toml gem/credentials gh/hosts.yml hub/config composer/auth.json "
           "doctl/config.yaml heroku/credentials.json", "a file that holds a token"),
    **_all("aws/credentials aliyun/config.json gcloud/credentials.db oci/config ibmcloud/config.json "
           "huaweicloud/config.json", _CLOUD),
    **_all("tencentcloud/credentials tccli/default.credential", _ACCOUNT),
    "docker/config.json": "passwords for Docker registries",
    "kube/config": "credentials of a Kubernetes cluster",
    **_all("ssh/config ssh/identity", "settings of SSH"),
    "m2/settings.xml": "passwords of Maven",
    "gradle/gradle.properties": "settings of Gradle, which hold passwords",
    "streamlit/secrets.toml": "secrets by its name",
    "rclone/rclone.conf": "keys for object storage",
    "etc/shadow": "passwords of a system",
    "yarn/.yarnrc.yml": "settings of Yarn, which hold its token",
}
"""The last folder without its dot, and the name."""
_HARMLESS_IN_FOLDERS = re.compile(r"known_hosts.*|.*\.pub", re.DOTALL)


@lru_cache(maxsize=1 << 14)
def named_secret(name: str) -> str | None:
    """What a file of this name holds, as a noun phrase; ``None``: its name says nothing. A copy is taken for
    what it is a copy of (``id_rsa.old``)."""
    for candidate in _originals(name.lower()):
        if found := _NAMES.get(candidate):
            return found
        if _HARMLESS.fullmatch(candidate):
            return None
        stem, dot, extension = candidate.rpartition(".")
        if dot and stem and (found := _EXTENSIONS.get(extension)):
            return found
        if matched := _PATTERNS.fullmatch(candidate):
            return _OF_PATTERN[matched.lastgroup or ""]
    return None


@lru_cache(maxsize=1 << 12)
def folder_secret(path: str) -> str | None:
    """What a file holds because of the folders it lies in; ``path``: below the web root."""
    *folders, name = path.lower().split("/")
    for folder in folders:
        if folder in CREDENTIAL_FOLDERS and not _HARMLESS_IN_FOLDERS.fullmatch(name):
            return CREDENTIAL_FOLDERS[folder]
    for original in _originals(name) if folders else ():
        if found := _BELOW.get(f"{folders[-1].removeprefix('.')}/{original}"):
            return found
    return None


def plain_name(name: str) -> str:
    """The name without what a copy has behind it."""
    return _originals(name)[-1]


def _originals(name: str) -> list[str]:
    found = [name]
    for _ in range(3):
        shorter = _COPY.sub("", found[-1].removeprefix("copy of "))
        if shorter in ("", found[-1]):
            break
        found.append(shorter)
    return found
