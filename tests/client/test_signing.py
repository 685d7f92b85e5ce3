"""Signatures are judged by the verifier that existing servers use, and the other way round."""

from datetime import UTC, datetime
from hashlib import sha256

import httpx
import pytest

from ringtest.client.auth import BODY_SHA256, HmacAuth
from ringtest.client.signing import Signable, signature_headers

HmacSignature = pytest.importorskip("dciauth.signature").HmacSignature
headers_v2 = pytest.importorskip("dciauth.v2.headers")
signature_v2 = pytest.importorskip("dciauth.v2.signature")

IDENTITY = "remoteci/8bd7e4a2-5f6d-4c1c-9d2e-3a0f8f1a2b3c"
SECRET = "k3y" * 20


def signed(request: httpx.Request) -> httpx.Request:
    return next(HmacAuth(IDENTITY, SECRET).auth_flow(request))


def accepted(request: httpx.Request, *, secret: str = SECRET) -> bool:
    """What a server with the reference verifier says."""
    verdict, _ = signature_v2.is_valid(
        {
            "method": request.method,
            "endpoint": request.url.path,
            "params": dict(request.url.params),
            "data": request.content,
        },
        {"secret_key": secret},
        headers_v2.parse_headers(dict(request.headers)),
    )
    return bool(verdict)


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", "http://lab.example:8080/api/v1/jobs"),
        httpx.Request("GET", "https://lab.example/api/v1/jobs", params={"where": "name:a b,c:d*"}),
        httpx.Request("GET", "https://lab.example/api/v1/files/a%20b/ü"),
        httpx.Request("POST", "https://lab.example/api/v1/jobs", json={"comment": "ü"}),
        httpx.Request("PUT", "https://lab.example/api/v1/jobs/1", content=b"\x00\xff"),
    ],
    ids=lambda request: f"{request.method} {request.url.path}",
)
def test_the_reference_verifier_accepts_our_signature(request_: httpx.Request) -> None:
    assert accepted(signed(request_))


def test_the_reference_verifier_refuses_another_secret_and_a_changed_body() -> None:
    request = signed(httpx.Request("POST", "http://lab.example/api/v1/jobs", content=b"{}"))
    assert not accepted(request, secret="another")
    changed = httpx.Request(
        "POST", "http://lab.example/api/v1/jobs", content=b"{ }", headers=request.headers
    )
    assert not accepted(changed)


def test_both_reference_signers_give_the_same_signature_as_ours() -> None:
    now = datetime(2026, 1, 15, 9, 30, 12, tzinfo=UTC)
    body = b'{"a":1}'
    ours = signature_headers(
        Signable(
            "POST",
            "/api/v1/jobs",
            (("b", "2"), ("a", "x y")),
            "lab.example",
            sha256(body).hexdigest(),
        ),
        identity=IDENTITY,
        secret=SECRET,
        now=now,
    )
    current = HmacSignature(
        {
            "algorithm": "DCI2-HMAC-SHA256",
            "service_name": "api",
            "service_key": "dci2_request",
            "region_name": "BHS3",
        },
        now=now,
    )
    current.add_request(
        {
            "method": "POST",
            "path": "/api/v1/jobs",
            "params": {"b": "2", "a": "x y"},
            "data": body,
            "host": "lab.example",
        }
    )
    theirs = current.generate_headers({"access_key": IDENTITY, "secret_key": SECRET})
    assert ours["Authorization"] == theirs["authorization"]
    older = headers_v2.generate_headers(
        {
            "method": "POST",
            "endpoint": "/api/v1/jobs",
            "params": {"b": "2", "a": "x y"},
            "data": body,
            "host": "lab.example",
            "timestamp": "20260115T093012Z",
            "datestamp": "20260115",
        },
        {"access_key": IDENTITY, "secret_key": SECRET},
    )
    assert ours == older


def test_a_streamed_body_is_signed_by_its_announced_digest() -> None:
    body = b"x" * 1000
    streamed = httpx.Request(
        "POST",
        "http://lab.example/api/v1/files",
        content=iter([body]),
        extensions={BODY_SHA256: sha256(body).hexdigest()},
    )
    headers = signed(streamed).headers
    whole = httpx.Request(
        "POST", "http://lab.example/api/v1/files", content=body, headers=dict(headers)
    )
    assert accepted(whole)
