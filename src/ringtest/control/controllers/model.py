"""What a controller may be. Pure."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.texts import Line, Name

Url = Annotated[str, Meta(max_length=2000)]
Certificates = Annotated[str, Meta(max_length=200_000)]
State = Literal["active", "inactive", "archived"]


class CreateController(Struct, kw_only=True):
    """Body of `POST /ci_controllers`."""

    name: Name
    url: Url
    remoteci_id: UUID
    kind: Literal["jenkins"] = "jenkins"
    username: Line = ""
    secret: Line | None = None
    ca: Certificates = ""
    state: State = "active"


class UpdateController(Struct, kw_only=True):
    """Body of `PUT /ci_controllers/:id`. Its lab stays what it is."""

    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    username: Line | UnsetType = UNSET
    secret: Line | UnsetType | None = UNSET
    ca: Certificates | UnsetType = UNSET
    state: State | UnsetType = UNSET


def check_controller(values: dict[str, Any]) -> None:
    """400 for an address that is none, or certificates that are none.

    >>> check_controller({"url": "https://ci.example/jenkins"})
    >>> check_controller({"url": "https://me:word@ci.example"})
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: url: http://… or https://…, without name or password
    """
    if "url" in values and not _is_address(values["url"]):
        raise BadRequest("url: http://… or https://…, without name or password")
    if values.get("ca") and "-----BEGIN CERTIFICATE-----" not in values["ca"]:
        raise BadRequest("ca: certificates in PEM form")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    whole = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return whole and plain and url.isprintable() and " " not in url
