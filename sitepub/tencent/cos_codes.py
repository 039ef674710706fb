"""What the error codes of COS mean (COS API 436/7730), where they are neither about credentials nor about a right that
is missing.

``{what}`` stands for the object or the bucket, ``{action}`` for the permission that the request needs.
"""

from __future__ import annotations

Words = tuple[str, str]
"""What is wrong, and what to do."""

LATER = "Try again later."
REPORT = ("Update sitepub and run again; if it stays, report it with the request id (--debug shows what was asked).")
WRONG: Words = ("The cloud does not accept the values that {action} was given",
                "Check what serverless.yml says about it; if that is right, report it with the request id.")
BROKEN: Words = ("The cloud could not carry out {action}", LATER)
_UNDER_WAY: Words = ("{what} is being changed by something else at the same time", "Run again.")
_DAMAGED: Words = ("The content of {what} did not arrive as it was sent",
                   "A proxy or the network damages what passes: run again, or from another network.")
_LOCKED: Words = ("{what} is locked against changes (object lock)",
                  "Wait until its retention has ended, or look in the console (COS, object lock).")
_KMS: Words = ("The key that encrypts {what} (KMS) cannot be used",
               "Check it in the console (KMS), or change how the bucket encrypts (COS, encryption).")
_OWN_KEY: Words = ("{what} is encrypted in a way that this request does not fit",
                   "Look in the console (COS) how the bucket encrypts; sitepub sends no keys of its own.")
_FULL: Words = ("The account has as many of these settings as it may have",
                "Remove what is not needed in the console (ACLs and policies: CAM), or ask the cloud's support for"
                " more.")
_NOT_HERE: Words = ("Bucket {bucket} does not offer this: neither every region nor every kind of bucket has everything",
                    "Remove the setting from serverless.yml, or choose another `region`.")
_NOT_OFFERED: Words = ("The cloud does not offer {action} here", REPORT)
_CONFLICT: Words = ("The setting contradicts another one of bucket {bucket}", "Look in the console (COS).")

_EXPLAINED: dict[str, Words] = {
    "BucketAlreadyExists": ("The name {bucket} belongs to another account.",
                            "Choose another name: `inputs.bucketName` in serverless.yml."),
    "BucketAlreadyOwnedByYou": ("Bucket {bucket} exists already, and is yours.",
                                "Run again: it is used then."),
    **dict.fromkeys(("InvalidBucketName", "BucketNameTooLong"), (
        "{bucket} is not a bucket name the cloud accepts.",
        "Lowercase letters, digits and inner hyphens, at most 60 characters with -APPID.")),
    "BucketNotEmpty": ("Bucket {bucket} still holds objects.",
                       "Empty it in the console (unfinished uploads and old versions count too)."),
    "TooManyBuckets": ("The account already has as many buckets as it may have.",
                       "Delete one that is not needed (`sitepub previews prune` removes old previews), or ask for a"
                       " higher limit."),
    "UserNetworkTooSlow": ("The upload of {what} was too slow for the cloud.",
                           "Try again on a better connection, or with `accelerate: true`."),
    **dict.fromkeys(("RequestTimeout", "RequestTimeOut"), (
        "The content of {what} did not arrive in time.", "Run again, or on a better connection.")),
    "EntityTooLarge": ("{what} is too large for the cloud.", "One object holds 48.8 TB at most."),
    "KeyTooLong": ("The name {key} is too long.", "Object keys have 850 bytes of UTF-8 at most."),
    "InvalidObjectName": ("{key} is not a name the cloud accepts.",
                          "Rename the file: 1 to 850 bytes of UTF-8 without control characters, and no slash first."),
    "MetadataTooLarge": ("The headers of {what} are too large for the cloud.",
                         "All x-cos-meta-* headers together have 2 KB at most."),
    "DownloadForbidden": ("The cloud's own addresses do not give out {what} (.apk and .ipa).",
                          "Bind a domain of your own: `hosts` in serverless.yml."),
    "PathStyleDomainForbidden": ("The bucket does not answer under that address.", "Check the region."),
    "BucketAccelerateNotEnabled": ("Bucket {bucket} has no acceleration endpoint.",
                                   "Global acceleration is off, or was switched on a moment ago; try again later, or"
                                   " remove `accelerate: true`."),
    "ActionAccelerateNotSupported": ("The acceleration endpoint does not do {action}.",
                                     "Remove `accelerate: true` and run again."),
    "AccessForbidden": ("Bucket {bucket} refuses requests from here: its rules for other sites (CORS, referer) do not"
                        " allow them.", "Check the bucket in the console (COS, security)."),
    "InvalidObjectState": ("{what} is archived, and cannot be read before it is restored.",
                           "Restore it in the console (COS)."),
    "RestoreAlreadyInProgress": ("{what} is being restored.", "Run again when that is done; it takes hours."),
    "MultiBucketNotSupport": ("Bucket {bucket} is in more than one place.", "Contact the cloud's support."),
    "InvalidBucketState": ("The state of bucket {bucket} does not allow this: versioning, replication and object lock"
                           " depend on each other.", "Look in the console (COS)."),
    "InvalidPart": ("A part of the upload of {what} is not there any more.", "Run again: it is uploaded anew."),
    "NotImplemented": _NOT_OFFERED,
    "MethodNotAllowed": _NOT_OFFERED,
    **dict.fromkeys(("BadDigest", "InvalidDigest", "InvalidSHA1Digest", "IncompleteBody", "EntitySizeNotMatch"),
                    _DAMAGED),
    **dict.fromkeys(("UploadConflict", "PathConflict", "AppendPositionErr", "ObjectNotAppendable"), _UNDER_WAY),
    **dict.fromkeys(("BucketLocked", "ObjectLocked", "InvalidLockedTime"), _LOCKED),
    **dict.fromkeys(("KmsException", "KmsKeyDisabled", "KmsKeyNotExist"), _KMS),
    **dict.fromkeys(("SSEContentNotSupported", "SSEHeaderNotAllowed", "SsecDecryptHeaderInvalid"), _OWN_KEY),
    **dict.fromkeys(("AttachmentFull", "InventoryFull", "PolicyFull", "PolicyVersionFull"), _FULL),
    **dict.fromkeys(("InvalidRegionName", "InvalidLocationConstraint", "JsonAPINotSupportOnMAZBucket",
                     "MAZOperationNotSupportOnOAZBucket", "MultiAZFeatureNotSupport", "NotSupportedStorageClass",
                     "OAZOperationNotSupportOnMAZBucket"), _NOT_HERE),
    **dict.fromkeys(("LoggingConfExists", "NotifyRuleEventConflict", "NotifyRulePrefixConflict",
                     "NotifyRuleSuffixConflict", "QuotaConflict", "QuotaOperationConfilct", "DomainConfigConflict"),
                    _CONFLICT),
    # In words about the host where the domain is bound: domains.service_errors.
    "DNSRecordVerifyFailed": ("The DNS does not show yet that the domain is yours.",
                              "Add the TXT record that is shown, then run again."),
    "DomainAuditFailed": ("The domain has no ICP filing, which mainland China demands.",
                          "File it with the MIIT (console: ICP filing)."),
    "RecordAlreadyExist": ("The domain is bound to another bucket.", "Unbind it there (console: COS, domains)."),
    "UserCnameInvalid": ("The domain is not in force yet.", "Wait some minutes, then run again."),
}

_SENT_WRONG = frozenset({
    "BadRequest", "BucketVersionNotOpen", "EntityTooSmall", "ImageResolutionExceed", "ImageTooLarge",
    "IncorrectNumberOfFilesInPostRequest", "InvalidAccessKeyId", "InvalidArgument", "InvalidCopySource",
    "InvalidDelimiter", "InvalidImageFormat", "InvalidImageSource", "InvalidPartOrder", "InvalidPicOperations",
    "InvalidPolicyDocument", "InvalidRange", "InvalidRequest", "InvalidTag", "InvalidTargetBucketForLogging",
    "InvalidURI", "InvalidUploadStatus", "ListPartUploadIdIsEmpty", "LoggingPrefixInvalid", "MalformedPOSTRequest",
    "MalformedPolicy", "MalformedXML", "MissingContentLength", "MissingRequestBodyError", "RestoreNonArchiveObject",
    "TargetBucketNameInvalid", "UnexpectedContent", "UploadIdNotSupported", "VerifyAlgorithmNotSupported",
    "WebsiteURLInvalid", "XMLSizeLimit",
})
"""The service cannot use the request: what it holds comes from serverless.yml, or from sitepub."""

_SETTINGS = frozenset({
    "DomainConfigNotFoundError", "InventoryConfigurationNotFoundError", "NoBucketQuotaPolicy", "NoSuchBucketPolicy",
    "NoSuchCORSConfiguration", "NoSuchEncryptionConfiguration", "NoSuchLifecycleConfiguration",
    "NoSuchObjectLockConfiguration", "NoSuchPolicyVersion", "NoSuchTagSet", "NoSuchTagSetError",
    "NoSuchWebsiteConfiguration", "OriginConfigurationNotFoundError", "ReplicationConfigurationNotFoundError",
})
"""A setting that was never made."""


def explained(code: str) -> Words | None:
    """Words of its own, where a code has them."""
    return _EXPLAINED.get(code)


def is_wrong(code: str) -> bool:
    """Whether the service refuses what the request holds."""
    return code in _SENT_WRONG


def is_missing(code: str) -> bool:
    return code in _SETTINGS or code in ("NoSuchKey", "NoSuchVersion", "NoSuchResource", "NoSuchUpload")


def what_to_do_without(code: str) -> str:
    """About something that is not there."""
    if code in _SETTINGS:
        return "`sitepub deploy --verify` makes the settings of serverless.yml again."
    if code == "NoSuchUpload":
        return "Run again: it is uploaded anew."
    return "It may have been removed since: `sitepub deploy --verify` compares with the bucket and uploads it again."
