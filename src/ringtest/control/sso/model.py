"""Bearer tokens of a provider: what is believed, who it is, which teams they join. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ringtest.control.kernel.errors import BadRequest, Unauthorised
from ringtest.control.kernel.settings import Settings

KEYS_FRESH = timedelta(minutes=10)
"""After so long the keys are asked for again, while the old ones still count."""
KEYS_USABLE = timedelta(hours=1)
"""Keys that nobody confirmed for so long do not count: the provider may have dropped them."""
ASK_AGAIN = timedelta(seconds=30)
"""However many bad tokens come, the provider is asked once in so long."""
SKEW_SECONDS = 60
"""How far the provider's clock may be ahead (nbf, iat). There is none for exp."""
LONGEST = 16_384
"""Characters of a token."""
_ALGORITHM = "RS256"
"""The only one: a token that names another one, or none, is refused before any key is used."""
_SMALLEST_KEY = 2048


@dataclass(frozen=True, slots=True)
class TeamRule:
    """Whoever has `value` at the claim of dotted `path` joins `team`."""

    path: tuple[str, ...]
    value: str
    team: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a verified token speaks of. `ends` is in seconds since 1970."""

    name: str
    fullname: str
    email: str | None
    sub: str | None
    teams: tuple[str, ...]
    ends: float

    def require_fresh(self, now: datetime) -> None:
        """401 when the token has ended."""
        if seconds(now) >= self.ends:
            raise Unauthorised("JWT token expired, please refresh.")


class Known(msgspec.Struct, frozen=True):
    """The user of a name at the provider; `person` is its identity as JSON, if active."""

    id: UUID
    state: str
    person: msgspec.Raw
    email: str | None = None
    sso_sub: str | None = None


def seconds(now: datetime) -> float:
    """Naive UTC as seconds since 1970."""
    return now.replace(tzinfo=UTC).timestamp()


def read_key(pem: str) -> RSAPublicKey:
    """The key of a PEM, whose line ends may be written as backslash and n; BadRequest."""
    try:
        key = load_pem_public_key(pem.replace("\\n", "\n").encode())
    except ValueError:
        raise BadRequest("RINGTEST_SSO_PUBLIC_KEY must be a public key in PEM") from None
    if not isinstance(key, RSAPublicKey):
        raise BadRequest("RINGTEST_SSO_PUBLIC_KEY must be an RSA key")
    return key


def read_keys(published: Iterable[Mapping[str, Any]]) -> dict[str, RSAPublicKey]:
    """Keys by their id: RSA keys for signatures, large enough; others are passed over."""
    found: dict[str, RSAPublicKey] = {}
    for each in published:
        if each.get("use", "sig") != "sig" or each.get("alg", _ALGORITHM) != _ALGORITHM:
            continue
        try:
            key = jwt.PyJWK(dict(each), algorithm=_ALGORITHM).key
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAPublicKey) and key.key_size >= _SMALLEST_KEY:
            found[str(each.get("kid", ""))] = key
    return found


def key_id(token: str) -> str | None:
    """Which key the token says it is signed with, if any; 401 for what is no RS256 token."""
    if len(token) > LONGEST:
        raise Unauthorised("the bearer token is too long")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Unauthorised("the bearer token cannot be read") from None
    if header.get("alg") != _ALGORITHM:
        raise Unauthorised(f"bearer tokens must be signed with {_ALGORITHM}")
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def signed_claims(token: str, keys: Iterable[RSAPublicKey]) -> dict[str, Any] | None:
    """The claims, when one of `keys` signed them."""
    for key in keys:
        try:
            content = jwt.PyJWS().decode(token, key, algorithms=[_ALGORITHM])
            claims = msgspec.json.decode(content)
        except (jwt.PyJWTError, ValueError, RecursionError):
            continue
        return claims if isinstance(claims, dict) else None
    return None


def accept(
    claims: Mapping[str, Any],
    *,
    audiences: frozenset[str],
    issuer: str | None,
    rules: Sequence[TeamRule],
    now: datetime,
) -> Person:
    """Whom the claims speak of; 401 says what is wrong with them."""
    end, at = claims.get("exp"), seconds(now)
    if end is None or not _is_number(end):
        raise Unauthorised("the bearer token never expires (no exp): not accepted")
    for begin in ("nbf", "iat"):
        since = claims.get(begin, 0)
        if not _is_number(since) or since > at + SKEW_SECONDS:
            raise Unauthorised(f"the bearer token is not valid yet ({begin})")
    if issuer is not None and claims.get("iss") != issuer:
        raise Unauthorised("the bearer token is of another issuer")
    audience = claims.get("aud")
    meant = {audience} if isinstance(audience, str) else audience
    if not isinstance(meant, set | list) or not any(
        isinstance(one, str) and one in audiences for one in meant
    ):
        raise Unauthorised("the bearer token is for another audience")
    name = _text(claims, "preferred_username") or _text(claims, "username")
    if name is None:
        raise Unauthorised("the bearer token names nobody (preferred_username)")
    person = Person(
        name=name,
        fullname=_text(claims, "name") or name,
        email=_text(claims, "email"),
        sub=_text(claims, "sub") if claims.get("scope", "openid") != "openid" else None,
        teams=tuple(rule.team for rule in rules if _holds(claims, rule)),
        ends=float(end),
    )
    person.require_fresh(now)
    return person


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    """A claim that fits into a column of text."""
    value = claims.get(name)
    is_fit = isinstance(value, str) and 0 < len(value) <= 255 and "\0" not in value
    return value if is_fit else None


def _holds(claims: Mapping[str, Any], rule: TeamRule) -> bool:
    found: Any = claims
    for step in rule.path:
        found = found.get(step) if isinstance(found, dict) else None
    return rule.value in found if isinstance(found, list) else rule.value == found


def team_rules(settings: Settings) -> tuple[TeamRule, ...]:
    """The setting sso_teams; BadRequest when a rule cannot be read.

    >>> team_rules(Settings(sso_teams="groups qe leads -> QE"))
    (TeamRule(path=('groups',), value='qe leads', team='QE'),)
    >>> team_rules(Settings())[0].team
    'Red Hat'
    """
    if settings.sso_teams == "none":
        return ()
    if not settings.sso_teams:
        employees = ("realm_access", "roles"), "redhat:employees"
        return (TeamRule(*employees, settings.read_only_team),)
    rules = []
    for text in filter(str.strip, settings.sso_teams.split(";")):
        left, arrow, team = text.partition("->")
        path, _, value = left.strip().partition(" ")
        if not (arrow and path and value.strip() and team.strip()):
            raise BadRequest(
                f"RINGTEST_SSO_TEAMS: {text.strip()!r} must be `claim.path value -> team`"
            )
        rules.append(TeamRule(tuple(path.split(".")), value.strip(), team.strip()))
    return tuple(rules)
