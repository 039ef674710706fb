"""Error codes that the list of COS (``cos_errors.json``) does not have, each with what says that it exists."""

from __future__ import annotations

SENT: dict[str, tuple[int, str]] = {
    # code: status, source
    "DomainConfigNotFoundError": (404, "the answer to GET Bucket domain of a bucket without domains: \"Bucket domain"
                                       " config not found.\"; published tools compare with it"),
    "DownloadForbidden": (400, "COS 436/57456: .apk and .ipa under the default domains of new buckets (403 on its"
                               " English page)"),
    "FileAlreadyExists": (409, "COS 436/7749: x-cos-forbid-overwrite"),
    "MetadataTooLarge": (400, "the list's editions of 2018, which misspell it (MatadataTooLarge)"),
    "NoSuchBucketPolicy": (404, "cos-java-sdk-v5, COSClient.getBucketPolicy, takes it for no policy"),
    "PathStyleDomainForbidden": (403, "users' reports: buckets made since 2024 are not served with the bucket in the"
                                      " path (436/102489)"),
}
"""By COS."""

S3: dict[str, int] = {
    # Amazon S3 API reference, error responses; statuses as there
    "AuthorizationHeaderMalformed": 400, "AuthorizationQueryParametersError": 400, "InvalidChunkSizeError": 403,
    "InvalidToken": 400, "MalformedTrailerError": 400, "XAmzContentSHA256Mismatch": 400,
}
"""Under the names of S3, where clients know S3's own codes."""

EMBEDDED: dict[str, str] = {
    # code: why the embedded cloud sends what COS does not
    "EmbeddedCloudDamaged": "its own trouble", "EmbeddedCloudDisk": "its own trouble",
    "InvalidHostname": "a host that none of its services has; such a name does not lead to COS",
    "NotModified": "never sent: an answer 304 has no body",
    "TooManyRequests": "what a gateway in the way answers with 429, where `--fault` asks for it",
}

READ: dict[str, str] = {
    # code: source of what sitepub compares with beside the above
    "ok": "the probe's own word for no error",
    "NoSuchResource": "cos-python-sdk-v5, cos_client.py: its own word for an answer 404 to HEAD",
    "NoSuchTagSetError": "COS, DELETE Bucket tagging, error codes of that page",
    "RequestHasExpired": "\"Request has expired\" of the list, without the spaces that no other code has",
    "RequestTimeOut": "the list's editions until 2019; the SDKs for iOS and Android still compare with it",
    "ClientNetworkError": "tencentcloud-sdk-python-common: no connection",
    "ServerNetworkError": "tencentcloud-sdk-python-common: no JSON in the answer",
}
