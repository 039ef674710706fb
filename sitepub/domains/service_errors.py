"""What the error codes of the CDN, EdgeOne, SSL, DNSPod and COS domains mean, and what to do next.

Codes: CDN 228/43611 and the products' own lists. The code and the RequestId stay on the error.
"""

from __future__ import annotations

from sitepub.errors import AccessDenied, CloudError, CredentialsError, NetworkError, NotFound, SitepubError
from sitepub.tencent.sites import console

TWO_WAYS = ("Two ways out: `edge: edgeone` for this host (it needs a plan of EdgeOne, see"
            " docs/edgeone.md), or `edge: cos`, which binds the domain to the bucket without a CDN.")
_ICP = ("File the domain with the MIIT (console: ICP filing); it is known to the CDN about 2 hours later. Without"
        " a filing only `area: overseas` is possible.")
_BATCH = "What is left is purged or fetched by the next run; if it stays so, report it with the request id."
_TICKET = "Open a ticket with the cloud's support and give them the request id."

_EXPLAINED: dict[str, tuple[str, str]] = {
    # The account
    "ResourceNotFound.CdnUserNotExists": (
        "the CDN is not activated for this account",
        f"Activate it once in the console ({console('cn', 'cdn')}; of international accounts {console('intl', 'cdn')}),"
        " then run again."),
    "UnauthorizedOperation.CdnUserAuthFail": (
        "the account is not verified (real name), so the CDN refuses it",
        "Verify it in the console (account information), then run again."),
    "UnauthorizedOperation.CdnUserAuthWait": (
        "the account's verification is not finished yet", "Wait until it is through, then run again."),
    "UnauthorizedOperation.CdnInvalidUserStatus": ("the CDN does not serve this account at present", _TICKET),
    "UnauthorizedOperation.CdnUserIsIsolated": (
        "the CDN is suspended because the account is in arrears", "Top it up in the console (billing)."),
    "UnauthorizedOperation.CdnUserIsSuspended": (
        "the CDN of this account is switched off", "Switch it on again in the console (CDN)."),
    "ResourceUnavailable.CheckUserHighRisk": ("the cloud sees a risk in this account and refuses it", _TICKET),
    "OperationDenied.ProductUpgraded": (
        "this account has no classic CDN any more: the cloud replaces it by EdgeOne", TWO_WAYS),
    "OperationDenied.UserMigrating": ("this account is being moved from the classic CDN to EdgeOne", TWO_WAYS),
    "OperationDenied.ProductUpdating": ("this domain is being moved from the classic CDN to EdgeOne", TWO_WAYS),
    "InvalidParameter.CdnHostExistsInEdgeOne": (
        "{host} is served by EdgeOne already, so the classic CDN does not take it", TWO_WAYS),
    "LimitExceeded.CdnUserTooManyHosts": (
        "the account has as many CDN domains as it may have", "Delete one, or ask support for more."),
    "ResourceNotFound.CdnUserTooManyHosts": (
        "the account has as many CDN domains as it may have", "Delete one, or ask support for more."),
    # The domain
    "ResourceUnavailable.CdnHostNoIcp": ("{host} has no ICP filing, which mainland China demands", _ICP),
    "UnauthorizedOperation.CdnHostInIcpBlacklist": ("{host} is on the list of refused domains", _TICKET),
    "ResourceUnavailable.CdnHostIsMalicious": ("{host} is refused as a risk", _TICKET),
    "OperationDenied.CdnHostHasDDosRisk": ("{host} is refused because it was attacked", _TICKET),
    "OperationDenied.CdnDomainNotApproved": ("{host} was not approved yet", "Finish the approval in the console."),
    "UnauthorizedOperation.CdnHostIsToApplyHost": ("{host} has to be applied for with a ticket", _TICKET),
    "UnauthorizedOperation.CdnHostIsUsedByOther": (
        "{host} is served by another account of the cloud",
        "Remove it there, or take it back in the console (CDN, add domain, verify ownership)."),
    "UnauthorizedOperation.CdnHostIsOwnedByOther": (
        "{host} belongs to another account of the cloud",
        "Remove it there, or take it back in the console (CDN, add domain, verify ownership)."),
    "UnauthorizedOperation.CdnHostExistsInInternal": ("{host} is known to the cloud's own systems", _TICKET),
    "UnauthorizedOperation.CdnDomainRecordNotVerified": (
        "the CDN wants a proof that {host} is yours", "Add the TXT record that is shown, then run again."),
    "UnauthorizedOperation.CdnTxtRecordValueNotMatch": (
        "the TXT record that proves the ownership of {host} has another value",
        "Set it to the value that is shown; old values live on in caches for the TTL of the record."),
    "ResourceNotFound.CdnHostNotExists": (
        "the CDN of this account does not know {host}", "Run `sitepub deploy --verify`: it makes the domain."),
    "InvalidParameter.CDNStatusInvalidDomain": (
        "{host} is offline, so nothing of it can be purged", "Run `sitepub deploy --verify`: it puts it online."),
    "ResourceInUse.CdnHostExists": ("{host} exists already", "Run again: its settings are read then."),
    "ResourceInUse.CdnConflictHostExists": (
        "{host} is in conflict with another domain of the CDN, such as a wildcard", "Look in the console (CDN)."),
    "ResourceInUse.TcbHostExists": ("{host} is used by CloudBase", "Remove it there first."),
    "ResourceUnavailable.CdnHostExistsInTcb": ("{host} is used by CloudBase", "Remove it there first."),
    "ResourceUnavailable.CdnHostExistsInDsa": ("{host} is used by DSA", "Remove it there first."),
    "ResourceUnavailable.HostExistInVod": ("{host} is used by VOD", "Remove it there first."),
    "ResourceUnavailable.CdnHostIsLocked": ("{host} is locked by the cloud", _TICKET),
    "ResourceUnavailable.CdnHostBelongsToOthersInMainland": (
        "{host} is served in mainland China by another account", "Remove it there, or set `area: overseas`."),
    "ResourceUnavailable.CdnHostBelongsToOthersInOverseas": (
        "{host} is served outside mainland China by another account",
        "Remove it there, or set `area: mainland`."),
    "ResourceInUse.CdnOpInProgress": (
        "{host} is being deployed by the CDN, which takes no other change meanwhile",
        "Wait some minutes, then run again."),
    "InvalidParameter.CdnHostInvalidStatus": (
        "{host} is not in a state that allows this", "Wait some minutes, then run again."),
    "ResourceUnavailable.CdnHostIsNotOffline": ("{host} is not offline yet", "Wait some minutes, then run again."),
    "ResourceUnavailable.CdnHostIsNotOnline": (
        "{host} is offline", "Run `sitepub deploy --verify`: it puts it online."),
    "LimitExceeded.CdnHostOpTooOften": ("{host} was changed too often", "Wait some minutes, then run again."),
    "InvalidParameter.CdnHostHasSpecialConfig": (
        "{host} has settings that only the cloud's support can change", _TICKET),
    "InvalidParameter.CdnHostIsCosDefaultAccess": ("{host} is an address of COS itself", "Use a name of your own."),
    "InvalidParameter.CdnConfigInvalidHost": ("{host} is not a name that the CDN takes", "Check hosts[].host."),
    "InvalidParameter.CdnConfigTagRequired": (
        "the account demands a tag on every CDN domain", "Add `tags` to the host."),
    # Its settings
    "FailedOperation.CdnConfigError": (
        "the CDN could not put the settings of {host} into effect", "Run again; if it stays: " + _TICKET),
    "InternalError.CdnConfigError": (
        "the CDN could not put the settings of {host} into effect", "Run again; if it stays: " + _TICKET),
    "InvalidParameter.CdnConfigInvalidCache": ("the CDN refuses the cache rules", "Check hosts[].cache."),
    "LimitExceeded.CdnConfigTooManyCacheRules": ("there are too many cache rules", "Use fewer in hosts[].cache."),
    "InvalidParameter.CdnCertInfoNotFound": (
        "the certificate of {host} is not in the account's SSL service, or not valid",
        "Check https.certInfo.certId, or set `https: auto`."),
    "FailedOperation.SslCertNotFound": (
        "the certificate of {host} is not in the account's SSL service",
        "Check https.certInfo.certId, or set `https: auto`."),
    "InvalidParameter.CdnCertNoCertInfo": ("the certificate of {host} is not valid", "Check https.certInfo."),
    "InvalidParameter.CdnCertNotPem": ("the certificate of {host} is not PEM", "Check https.certInfo.certificate."),
    "InvalidParameter.SslCertChainError": (
        "the chain of the certificate of {host} is not in order",
        "The host's own certificate first, then the one that signed it, and so on."),
    "InvalidParameter.SslCertMatchError": (
        "the certificate of {host} and its private key do not belong together", "Check https.certInfo."),
    "InvalidParameter.AccessPortOpenedHttps": (
        "port 443 of {host} is closed in the CDN", "Open it in the console (CDN, access ports)."),
    "FailedOperation.SslCertCannotGetOrder": (
        "the CDN gets no answer from the SSL service about the certificate of {host}",
        "Wait some minutes, then run again."),
    "UnauthorizedOperation.CdnUserNoWhitelist": (
        "the CDN offers one of the settings of {host} to chosen accounts only",
        "Remove it from serverless.yml, or ask support for it."),
    # Purges
    "LimitExceeded.CdnPurgeUrlExceedDayLimit": (
        "today's purges of addresses are used up", "Run `sitepub purge` tomorrow, or ask support for more."),
    "LimitExceeded.CdnPurgeExceedDayLimit": (
        "today's purges of addresses are used up", "Run `sitepub purge` tomorrow, or ask support for more."),
    "LimitExceeded.CdnPurgePathExceedDayLimit": (
        "today's purges of folders are used up", "Run `sitepub purge` tomorrow, or ask support for more."),
    "LimitExceeded.CdnPurgeUrlExceedBatchLimit": ("too many addresses in one purge", _BATCH),
    "LimitExceeded.CdnPurgeExceedBatchLimit": ("too many addresses in one purge", _BATCH),
    "LimitExceeded.CdnPurgePathExceedBatchLimit": ("too many folders in one purge", _BATCH),
    "LimitExceeded.BatchQuota": (
        "EdgeOne does not take as many addresses in one purge with the plan of this zone",
        "What is left is purged by the next deploy; a larger plan has more."),
    "LimitExceeded.DailyQuota": (
        "today's purges of this EdgeOne zone are used up",
        "What is left is purged by the next deploy, or by `sitepub purge` tomorrow; a larger plan has more."),
    "LimitExceeded.PackNotAllow": (
        "the plan of this EdgeOne zone does not have this kind of purge",
        "Choose a larger plan in the console (EdgeOne), or run `sitepub purge --all`."),
    "LimitExceeded.CdnPushExceedDayLimit": ("today's prefetches are used up", "Run `sitepub warm` tomorrow."),
    "LimitExceeded.CdnPushExceedBatchLimit": ("too many addresses in one prefetch", _BATCH),
    # SSL
    "FailedOperation.ExceedsFreeLimit": (
        "the account's free certificates are used up",
        "Delete one that is not needed (console: SSL), or use one of your own: https.certInfo."),
    # DNSPod
    "InvalidParameter.DomainRecordExist": ("that DNS record exists already", "Run again: it is read then."),
    "LimitExceeded.SubdomainRollLimit": (
        "the name has as many records as the DNS plan allows", "Delete one in the console (DNSPod)."),
    # COS (436/36638)
    "DNSRecordVerifyFailed": (
        "the bucket wants a proof that {host} is yours", "Add the TXT record that is shown, then run again."),
    "RecordAlreadyExist": (
        "{host} is bound to another bucket", "Unbind it there (console: COS, domains), then run again."),
    "DomainAuditFailed": ("{host} has no ICP filing, which mainland China demands", _ICP),
    "DomainConfigNotFoundError": (
        "no domain is bound to the bucket", "Run `sitepub deploy --verify`: it binds those of serverless.yml."),
    "DomainConfigConflict": ("the domains of the bucket contradict each other", "Check them in the console (COS)."),
    "UserCnameInvalid": ("{host} is not in force yet", "Wait some minutes, then run again."),
}
_EXPLAINED |= {
    # Still so after it was waited for (domains.busy)
    **dict.fromkeys(("InvalidParameter.ActionInProgress", "OperationDenied.DomainStatusUnstable"), (
        "{host} is being deployed by EdgeOne, which takes no other change meanwhile",
        "Wait some minutes, then run again.")),
    **dict.fromkeys(("OperationDenied.ResourceLockedTemporary", "OperationDenied.ResourceHasBeenLocked",
                     "OperationDenied.ConfigLocked", "InternalError.ConfigLocked",
                     "InvalidParameter.ZoneIsGrayPublishing"), (
        "EdgeOne has locked the settings of {host} while it works on them", "Wait some minutes, then run again.")),
    **dict.fromkeys(("LimitExceeded.RateLimitExceeded", "FailedOperation.FrequencyLimit",
                     "InvalidParameter.OperationIsTooFrequent", "UnauthorizedOperation.OperationTooOften",
                     "LimitExceeded.SslCertRequestLimitExceeded"), (
        "the cloud takes no more calls of this account at the moment", "Run again in a few minutes.")),
    # EdgeOne's zones
    "OperationDenied.DomainNoICP": (
        "{host} has no ICP filing, and its EdgeOne zone serves mainland China, which demands one",
        "File the domain (console: ICP), or write `edgeone: {{area: overseas}}` for a zone that sitepub creates."),
    "LimitExceeded.ZoneBindPlan": (
        "the EdgeOne plan has as many zones as it may have",
        "Name another one with `edgeone: {{plan: …}}`, or get a larger one in the console (EdgeOne, plans)."),
    "InvalidParameter.PlanNotFound": (
        "the account has no such EdgeOne plan any more",
        "Name another one with `edgeone: {{plan: …}}`, or get one in the console (EdgeOne, plans)."),
    **dict.fromkeys(("OperationDenied.PlanHasBeenExpired", "OperationDenied.PlanHasBeenIsolated"), (
        "the EdgeOne plan has ended",
        "Renew it in the console (EdgeOne, plans), or name another one with `edgeone: {{plan: …}}`.")),
    **dict.fromkeys(("OperationDenied.UnsupportedPlan", "OperationDenied.PlanTypeIsWrong"), (
        "the EdgeOne plan does not have this", "docs/edgeone.md shows what each plan has; a larger one may have it.")),
    "InvalidParameter.ZoneHasNotBeenBoundToPlan": (
        "the EdgeOne zone of {host} has no plan", "Run `sitepub deploy --verify`: it binds the zone to one."),
    "InvalidParameter.ZoneHasBeenBound": (
        "the EdgeOne zone of {host} has a plan already", "Run again: it is read then."),
    "InvalidParameterValue.ZoneNameNotSupportSubDomain": (
        "EdgeOne takes a registered domain for a zone, and no name below one",
        "Add the site in the console (EdgeOne, add site); sitepub uses it then."),
    "InvalidParameterValue.ZoneNameNotSupportPunyCode": (
        "EdgeOne takes no zone whose name has letters beyond ASCII", "Use another `edge` for {host}: cdn or cos."),
    **dict.fromkeys(("InvalidParameterValue.TopLevelDomainNotSupport", "InvalidParameterValue.ZoneNameInvalid"), (
        "EdgeOne takes no zone of this name", "Use another `edge` for {host}: cdn or cos.")),
    **dict.fromkeys(("ResourceInUse.Zone", "ResourceInUse.Cname", "ResourceInUse.NS"), (
        "the account has this EdgeOne zone already", "Run again: it is used then.")),
    **dict.fromkeys(("ResourceInUse.Others", "ResourceInUse.OthersCname", "ResourceInUse.OthersNS",
                     "ResourceInUse.SelfAndOthersCname"), (
        "another account of the cloud has an EdgeOne zone for this domain",
        "Delete it there, or add the site in the console (EdgeOne, add site), which shows how to take it over.")),
    "OperationDenied.DNSPodUnauthorizedRoleOperation": (
        "EdgeOne may not use the account's DNSPod", "Allow it in the console (EdgeOne, add site, DNSPod)."),
    "OperationDenied.ErrZoneIsAlreadyPaused": (
        "the EdgeOne zone of {host} is paused", "Switch it on in the console (EdgeOne)."),
    "OperationDenied.DomainNumberIsNotZero": (
        "EdgeOne changes the area only of a zone without hosts", "Change it in the console (EdgeOne)."),
    "FailedOperation.FunctionDeploying": (
        "EdgeOne is deploying another change of the edge functions of this zone", "Wait some minutes, then run again."),
    **dict.fromkeys(("FailedOperation.InvalidZoneStatus", "OperationDenied.ZoneNotActive",
                     "OperationDenied.DisableZoneNotCompleted"), (
        "the EdgeOne zone of {host} is not ready yet", "Wait some minutes, then run again.")),
    # Refused for good
    **dict.fromkeys(("OperationDenied.NoPermissionToOperateDomain", "OperationDenied.AccessDenied",
                     "OperationDenied.DomainOwnerAllowedOnly", "OperationDenied.NotGrantedByOwner",
                     "OperationDenied.NotResourceOwner", "FailedOperation.NotResourceOwner",
                     "InvalidParameter.BatchDomainNotAuth"), (
        "the zone of {host} belongs to another account, or is shared without the right to change it",
        "Add the record by hand, or set `dns: off`; or use a key of the zone's owner.")),
    "FailedOperation.MainDomainCertificateCountLimit": (
        "this domain has as many free certificates as it may have",
        "Delete one that is not needed (console: SSL), or use one of your own: https.certInfo."),
    "FailedOperation.NoRealNameAuth": (
        "the account is not verified (real name), so it gets no certificate",
        "Verify it in the console (account information), then run again."),
    **dict.fromkeys(("FailedOperation.NotRealNamedUser", "InvalidParameter.UnrealNameUser"), (
        "the account is not verified (real name), so its DNS cannot be changed",
        "Verify it in the console (account information), then run again.")),
    "FailedOperation.ProductNotActivated": (
        "EdgeOne is not activated for this account", "Activate it once in the console (EdgeOne), then run again."),
    "FailedOperation.AuthError": (
        "the SSL service does not allow this account to do that",
        "Look in the console (SSL) whether the service is activated and this key may use it."),
}
_PERMISSION = frozenset({
    "UnauthorizedOperation", "AuthFailure.UnauthorizedOperation", "UnauthorizedOperation.CdnAccountUnauthorized",
    "UnauthorizedOperation.CdnCamUnauthorized",
    "UnauthorizedOperation.CdnProjectUnauthorized", "UnauthorizedOperation.CdnTagUnauthorized",
    "UnauthorizedOperation.Unknown", "UnauthorizedOperation.CamUnauthorized",
    "UnauthorizedOperation.NoPermission", "FailedOperation.CAMAuthorizedFail", "FailedOperation.NoProjectPermission",
    "InvalidParameter.PermissionDenied",
})


def explained(error: SitepubError, *, host: str = "", action: str = "") -> SitepubError:
    """The same failure in words about ``host``. ``action``: the permission it needs, such as
    "cdn:UpdateDomainConfig"; a refusal for want of it names it."""
    if isinstance(error, CredentialsError | NetworkError) or not isinstance(error, CloudError):
        return error
    known = _EXPLAINED.get(error.code)
    if known is not None:
        text, hint = known
        kind = NotFound if isinstance(error, NotFound) else CloudError
        said = error.message.rpartition(" The cloud said: ")[2] if " The cloud said: " in error.message else ""
        message = f"{text.format(host=host or 'the domain')} ({error.code})"
        return kind(message + (f"; the cloud said: {said.rstrip('.')}" if said else ""), code=error.code,
                    status=error.status, hint=hint.format(host=host) or None, request_id=error.request_id)
    if error.code == "UnauthorizedOperation.CdnHostUnauthorized":
        # The code for a domain that these credentials may not touch, and for one that the account does not have.
        return AccessDenied(
            f"these credentials may not do {action} for {host or 'this domain'}, or the account has no such domain"
            f" any more ({error.code})", code=error.code, status=error.status, request_id=error.request_id,
            hint=f"Run `sitepub deploy --verify`: it makes the domain again if it is gone. Else add {action} to the"
                 " CAM policy of this key; docs/permissions.md has one for each feature.")
    if error.code in _PERMISSION or (isinstance(error, AccessDenied) and error.code == "AccessDenied"):
        return AccessDenied(
            f"these credentials may not do {action} for {host or 'this account'} ({error.code})",
            code=error.code, status=error.status, request_id=error.request_id,
            hint=f"Add {action} to the CAM policy of this key; docs/permissions.md has one for each feature.")
    if host and host not in error.message:
        return type(error)(f"{host}: {error.message}", code=error.code, status=error.status, hint=error.hint,
                           request_id=error.request_id)
    return error
