"""Bearer tokens that must not be believed, made with keys of our own."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ringtest.control.connectors.oidc import Oidc
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.identity_provider import ProviderUnreachable, Published
from ringtest.control.sso import model
from tests.control.people import World, open_world

KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
ISSUER = "https://sso.example/auth/realms/ring"
SETTINGS = Settings(data=Path("/nonexistent"))


def jwk(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    shown: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return shown | {"kid": kid, "use": "sig", "alg": "RS256"}


class Provider:
    """Publishes what a test wants, and counts how often it is asked."""

    configured = True

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys: Sequence[dict[str, Any]] = keys
        self.asked = 0
        self.is_away = False

    async def fetch(self) -> Published:
        self.asked += 1
        if self.is_away:
            raise ProviderUnreachable("away")
        return Published(ISSUER, self.keys)


@pytest.fixture
def provider() -> Provider:
    return Provider(jwk(KEY, "one"))


@pytest.fixture
async def world(clocked_db: Database, provider: Provider) -> AsyncIterator[World]:
    async with open_world(clocked_db, [identity_api], settings=SETTINGS, provider=provider) as made:
        yield made


def token(
    world: World, key: Any = KEY, *, kid: str | None = "one", alg: str = "RS256", **more: Any
) -> str:
    now = int(world.db.clock.now().replace(tzinfo=UTC).timestamp())
    claims = {"iss": ISSUER, "aud": "dci", "exp": now + 300, "preferred_username": "jo", **more}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": kid} if kid else None)


async def ask(world: World, text: str) -> httpx.Response:
    return await world["nobody"].get("/identity", headers={"Authorization": f"Bearer {text}"})


async def refused(world: World, text: str) -> str:
    answer = await ask(world, text)
    assert answer.status_code == 401, answer.text
    message: str = answer.json()["message"]
    return message


@pytest.mark.parametrize("audience", ["dci", "api.dci", ["x", "api.dci"]])
async def test_a_good_token_is_believed(world: World, audience: str | list[str]) -> None:
    answer = await ask(world, token(world, aud=audience))
    assert answer.status_code == 200, answer.text
    assert answer.json()["identity"]["name"] == "jo"


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"exp": 1}, "JWT token expired, please refresh."),
        ({"exp": None}, "never expires"),
        ({"exp": "soon"}, "never expires"),
        ({"exp": True}, "never expires"),
        ({"exp": 1e300}, "never expires"),
        ({"nbf": 99999999999}, "not valid yet"),
        ({"iat": "x"}, "not valid yet"),
        ({"iss": "https://elsewhere"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "another"}, "another audience"),
        ({"aud": None}, "another audience"),
        ({"aud": [1, ["dci"]]}, "another audience"),
        ({"aud": {"dci": 1}}, "another audience"),
        ({"preferred_username": None}, "names nobody"),
        ({"preferred_username": 7}, "names nobody"),
        ({"preferred_username": "a\0b"}, "names nobody"),
        ({"preferred_username": "x" * 300}, "names nobody"),
    ],
)
async def test_claims_that_are_not_for_us_are_401(
    world: World, claims: dict[str, Any], message: str
) -> None:
    assert message in await refused(world, token(world, **claims))


async def test_a_token_ends_while_it_is_remembered(world: World, clock: VirtualClock) -> None:
    good = token(world)
    clock.advance(299)
    assert (await ask(world, good)).status_code == 200
    clock.advance(1)
    assert await refused(world, good) == "JWT token expired, please refresh."


async def test_clocks_may_differ_by_a_minute_at_the_beginning(world: World) -> None:
    now = int(world.db.clock.now().replace(tzinfo=UTC).timestamp())
    assert (await ask(world, token(world, nbf=now + 60, iat=now + 60))).status_code == 200
    assert "not valid yet" in await refused(world, token(world, nbf=now + 61))


def _plain(header: dict[str, Any], claims: str, signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), claims.encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


async def test_other_algorithms_are_refused_before_any_key_is_used(
    world: World, provider: Provider
) -> None:
    claims = '{"aud":"dci","exp":99999999999,"preferred_username":"jo"}'
    for alg in ("none", "None", "HS256", "RS512", "ES256", "", None, 5, ["RS256"]):
        await refused(world, _plain({"alg": alg, "kid": "one"}, claims))
    shared = jwt.encode({"aud": "dci"}, "x" * 32, algorithm="HS256", headers={"kid": "one"})
    await refused(world, shared)
    assert provider.asked == 0


async def test_the_public_key_is_no_shared_secret(world: World) -> None:
    """HS256 with the PEM as its secret, under a header that says RS256."""
    header, body, _ = token(world).split(".")
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = mac.sign(f"{header}.{body}".encode(), PEM)
    forged = f"{header}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert "signature is invalid" in await refused(world, forged)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "a.b", "a.b.c", "....", "e30.e30.e30", "eyJhbGciOiJSUzI1NiJ9..", "x" * 20_000,
        _plain({"alg": "RS256", "kid": ["one"]}, "{}"), _plain({"alg": "RS256"}, "[" * 10_000),
        _plain({"alg": "RS256", "crit": ["x"]}, "{}"), _plain({"alg": "RS256", "kid": {}}, "{}"),
    ],
)  # fmt: skip
async def test_garbage_is_401(world: World, text: str) -> None:
    await refused(world, text)


async def test_bad_tokens_make_the_provider_be_asked_seldom(
    world: World, provider: Provider, clock: VirtualClock
) -> None:
    for number in range(50):
        await refused(world, token(world, OTHER, kid=f"made up {number}"))
        await refused(world, token(world, OTHER))
    assert provider.asked == 1, "when the keys were first needed; again after half a minute"
    clock.advance(30)
    for _ in range(50):
        await refused(world, token(world, OTHER))
    assert provider.asked == 2


async def test_a_new_key_is_learned_and_a_dropped_one_forgotten(
    world: World, provider: Provider, clock: VirtualClock
) -> None:
    old = token(world, exp=99_999_999_999)
    assert (await ask(world, old)).status_code == 200
    provider.keys = [jwk(OTHER, "two")]
    clock.advance(30)
    assert (await ask(world, token(world, OTHER, kid="two"))).status_code == 200
    assert "signature is invalid" in await refused(world, old)


async def test_keys_count_for_an_hour_without_their_provider(
    world: World, provider: Provider, clock: VirtualClock
) -> None:
    good = token(world, exp=99_999_999_999)
    assert (await ask(world, good)).status_code == 200
    provider.is_away = True
    clock.advance(3600)
    assert (await ask(world, good)).status_code == 200
    clock.advance(31)
    assert (await ask(world, good)).status_code == 503
    provider.is_away = False
    clock.advance(31)
    assert (await ask(world, good)).status_code == 200


@asynccontextmanager
async def with_settings(db: Database, **more: Any) -> AsyncIterator[World]:
    settings = replace(SETTINGS, **more)
    async with open_world(db, [identity_api], settings=settings) as made:
        yield made


@pytest.mark.parametrize("pem", [PEM.decode(), PEM.decode().replace("\n", "\\n")])
async def test_a_key_of_the_settings_needs_no_provider(clocked_db: Database, pem: str) -> None:
    async with with_settings(clocked_db, sso_public_key=pem, sso_audiences="ours") as world:
        assert (await ask(world, token(world, kid=None, aud="ours", iss=None))).status_code == 200
        assert "audience" in await refused(world, token(world))
        assert "signature" in await refused(world, token(world, OTHER, aud="ours"))


async def test_a_known_issuer_is_checked_with_a_key_of_the_settings_too(
    clocked_db: Database,
) -> None:
    async with with_settings(clocked_db, sso_public_key=PEM.decode(), sso_issuer=ISSUER) as world:
        assert (await ask(world, token(world))).status_code == 200
        assert "issuer" in await refused(world, token(world, iss="https://elsewhere"))


async def test_without_single_sign_on_bearers_are_401(clocked_db: Database) -> None:
    async with with_settings(clocked_db) as world:
        assert "not accepted here" in await refused(world, token(world))


async def test_a_name_that_a_local_user_has_is_not_taken_over(world: World) -> None:
    message = await refused(world, token(world, preferred_username="red user"))
    assert "an administrator" in message
    answer = await ask(world, token(world, email="red.user@ring"))
    assert answer.status_code == 200
    assert answer.json()["identity"]["email"] is None, "that address is somebody else's"


async def test_the_providers_id_is_kept_when_the_scope_is_more_than_openid(world: World) -> None:
    for name, scope, kept in (("a", None, None), ("b", "openid", None), ("c", "openid email", "s")):
        assert await ask(world, token(world, preferred_username=name, sub="s", scope=scope))
        assert await world.sql("SELECT sso_sub FROM users WHERE name = $1", name) == kept


async def test_an_inactive_user_stays_out(world: World) -> None:
    good = token(world)
    assert (await ask(world, good)).status_code == 200
    await world.sql("UPDATE users SET state = 'archived' WHERE sso_username = 'jo'")
    assert "not active" in await refused(world, good)


async def test_teams_follow_the_settings_when_a_user_is_made(clocked_db: Database) -> None:
    async with with_settings(
        clocked_db, sso_public_key=PEM.decode(), sso_teams="groups qe leads -> red; admin 1 -> blue"
    ) as world:
        good = token(world, groups=["qe leads"], admin=1)
        teams = (await ask(world, good)).json()["identity"]["teams"]
        assert list(teams) == [str(world.teams["red"])]


@pytest.mark.parametrize("text", ["x", "a -> b", "a b ->", "-> x", "a b -> c; d"])
def test_a_rule_that_cannot_be_read_is_an_error_that_quotes_it(text: str) -> None:
    with pytest.raises(BadRequest, match="RINGTEST_SSO_TEAMS"):
        model.team_rules(Settings(sso_teams=text))


def test_weak_and_foreign_keys_are_passed_over() -> None:
    weak = rsa.generate_private_key(65537, 1024)
    keys = [jwk(weak, "weak"), jwk(KEY, "good"), {"kty": "oct", "k": "eA"}, {}, {"kty": "RSA"}]
    assert list(model.read_keys([*keys, jwk(OTHER, "x") | {"use": "enc"}])) == ["good"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "{}"),
        (302, "{}"),
        (200, "no json"),
        (200, "[]"),
        (200, '{"issuer":"x"}'),
        (200, '{"issuer":"x","jwks_uri":"not an address"}'),
        (200, '{"issuer":"x","jwks_uri":"http://x/","more":"' + "x" * (1 << 20) + '"}'),
    ],
)
async def test_a_provider_that_talks_nonsense_is_unreachable(status: int, body: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=body))
    with pytest.raises(ProviderUnreachable):
        await Oidc("https://sso.example", transport=transport).fetch()
