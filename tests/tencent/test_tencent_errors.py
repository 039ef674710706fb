"""What the user reads when the cloud refuses."""

from __future__ import annotations

import pytest

from sitepub.errors import (
    AccessDenied,
    CloudError,
    CredentialsError,
    ExitCode,
    NotFound,
    PreconditionFailed,
    SitepubError,
)
from sitepub.tencent.cos.xml import can_hold, error_document, escape
from sitepub.tencent.errors_from_cloud import Asked, error_from, unreachable

PUT = Asked("cos:PutObject", "site-1250000000", "index.html")
BUCKET = Asked("cos:PutBucket", "site-1250000000")


@pytest.mark.parametrize(("asked", "status", "code", "kind", "words"), [
    (PUT, 404, "NoSuchBucket", NotFound, "site-1250000000"),
    (PUT, 404, "NoSuchKey", NotFound, "index.html"),
    (PUT, 403, "AccessDenied", AccessDenied, "cos:PutObject"),
    (PUT, 403, "", AccessDenied, "cos:PutObject"),
    (PUT, 403, "SignatureDoesNotMatch", CredentialsError, "SecretKey"),
    (PUT, 403, "InvalidAccessKeyId", CredentialsError, "SecretId"),
    (PUT, 403, "RequestTimeTooSkewed", CredentialsError, "clock"),
    (PUT, 412, "PreconditionFailed", PreconditionFailed, "index.html"),
    (PUT, 409, "FileAlreadyExists", PreconditionFailed, "already exists"),
    (BUCKET, 409, "BucketAlreadyExists", CloudError, "another account"),
    (BUCKET, 409, "BucketNotEmpty", CloudError, "still holds"),
    (PUT, 451, "UnavailableForLegalReasons", CloudError, "arrears"),
    (PUT, 400, "UserNetworkTooSlow", CloudError, "too slow"),
    (PUT, 503, "SlowDown", CloudError, "SlowDown"),
    (PUT, 301, "", CloudError, "redirect"),
    (Asked("cam:GetUserAppId"), 0, "AuthFailure.SecretIdNotFound", CredentialsError, "SecretId"),
    (Asked("cam:GetUserAppId"), 0, "AuthFailure.SignatureExpire", CredentialsError, "clock"),
    (Asked("cam:GetUserAppId"), 0, "UnauthorizedOperation", AccessDenied, "cam:GetUserAppId"),
    (Asked("cdn:DescribeDomains"), 0, "ResourceNotFound.CdnUserNotExists", NotFound, "this account"),
    (Asked("cdn:AddCdnDomain"), 0, "InvalidParameterValue.Odd", CloudError, "does not accept the values"),
    (Asked("cdn:AddCdnDomain"), 0, "UnknownParameter", CloudError, "does not accept the values"),
    (BUCKET, 400, "MalformedXML", CloudError, "does not accept the values"),
    (Asked("cdn:AddCdnDomain"), 0, "FailedOperation.Odd", CloudError, "could not carry out cdn:AddCdnDomain"),
    (Asked("cdn:AddCdnDomain"), 0, "LimitExceeded.Odd", CloudError, "limit of the account"),
    (Asked("cdn:AddCdnDomain"), 0, "OperationDenied.Odd", CloudError, "refused cdn:AddCdnDomain: OperationDenied.Odd"),
])
def test_each_code_has_its_error_and_plain_words(asked: Asked, status: int, code: str,
                                                 kind: type[SitepubError], words: str) -> None:
    error = error_from(asked, status, code, "what the cloud said", "request-7")
    assert type(error) is kind
    assert words in error.message
    assert error.request_id == "request-7"
    if code:
        assert error.code == code


def test_a_wrong_value_is_not_blamed_on_the_account() -> None:
    error = error_from(Asked("cdn:UpdateDomainConfig"), 0, "InvalidParameter", "The parameter Seo is wrong.")
    assert "account" not in error.message and "Seo is wrong" in error.message
    assert error.hint is not None and "serverless.yml" in error.hint


def test_missing_rights_end_with_the_exit_code_of_credentials_and_name_what_to_allow() -> None:
    error = error_from(PUT, 403, "AccessDenied")
    assert error.exit_code is ExitCode.CREDENTIALS
    assert error.hint is not None and "cos:PutObject" in error.hint and "index.html" in error.hint


def test_an_error_document_is_read_whatever_its_namespace() -> None:
    plain = b"<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code><Message>m &amp; n</Message></Error>"
    spaced = b'  <Error xmlns="http://x/"><Code>SlowDown</Code><RequestId>r</RequestId></Error>'
    first, second = error_document(plain), error_document(spaced)
    assert first is not None and (first.code, first.message) == ("NoSuchKey", "m & n")
    assert second is not None and (second.code, second.request_id) == ("SlowDown", "r")


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"<Error><Code>x", b"<Errors><Error/></Errors>"])
def test_what_is_no_error_document_is_none(body: bytes) -> None:
    assert error_document(body) is None


def test_xml_keeps_awkward_names_whole() -> None:
    assert escape("a<b>&\"'\r\n\t中") == "a&lt;b&gt;&amp;&quot;&apos;&#13;&#10;&#9;中"
    assert can_hold("a\tb\n中😀")
    assert not can_hold("bell\x07")


@pytest.mark.parametrize(("nested", "plain"), [
    ("HTTPSConnectionPool(host='sts.x', port=443): Max retries exceeded with url: / (Caused by NameResolutionError("
     "\"HTTPSConnection(host='sts.x', port=443): Failed to resolve 'sts.x' ([Errno -2] Name or service not known)\"))",
     "Failed to resolve 'sts.x' ([Errno -2] Name or service not known)"),
    ("HTTPSConnectionPool(host='sts.x', port=443): Max retries exceeded with url: / (Caused by ProxyError("
     "'Unable to connect to proxy', NewConnectionError(\"HTTPSConnection(host='127.0.0.1', port=9): Failed to "
     "establish a new connection: [Errno 111] Connection refused\")))",
     "'Unable to connect to proxy', Failed to establish a new connection: [Errno 111] Connection refused"),
    ("Read timed out.", "Read timed out"),
    ("HTTPSConnectionPool(host='sts.x', port=443): Read timed out. (read timeout=30)",
     "Read timed out. (read timeout=30)"),
])
def test_what_a_library_says_of_the_network_is_told_without_its_nesting(nested: str, plain: str) -> None:
    assert unreachable("the cloud", nested).message == f"The connection to the cloud failed: {plain}."
    assert unreachable("sts.x", nested).message.count("sts.x") == 1, "the host is named once"
