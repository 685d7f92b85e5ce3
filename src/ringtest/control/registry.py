"""Finds connectors, and imports one only when it is used.

A connector is a file in `connectors/` with the lines `PORT = "<port>"` and
`def create(settings)`; a package of somebody else names its own `create` in the entry
point group `ringtest.connectors` as `<port>.<name>`. Two of the same name are an error.
"""

import ast
import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.certification_desk import CertificationDesk
from ringtest.control.ports.ci_backend import CiBackend
from ringtest.control.ports.columnar import Columnar
from ringtest.control.ports.file_source import FileSource
from ringtest.control.ports.identity_provider import IdentityProvider
from ringtest.control.ports.notifier import Notifier
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.ports.result_parser import ResultParser
from ringtest.control.ports.secret_box import SecretBox

GROUP = "ringtest.connectors"
_FOLDER = Path(__file__).parent / "connectors"
_PACKAGE = "ringtest.control.connectors"


class ConnectorClash(Exception):
    """Two connectors want the same place, or one is not written as it must be."""


@dataclass(frozen=True, slots=True)
class Connector:
    """Where a connector is; nothing of it is imported until `create`."""

    port: str
    name: str
    target: str  # module:function

    def create(self, settings: Settings) -> Any:
        """Import the connector and make it."""
        module, _, function = self.target.partition(":")
        make: Callable[[Settings], Any] = getattr(importlib.import_module(module), function)
        return make(settings)


def find_connectors(
    folder: Path = _FOLDER, points: Iterable[EntryPoint] | None = None
) -> dict[str, Connector]:
    """Every connector by `<port>.<name>`; ConnectorClash names what is there twice."""
    found: dict[str, Connector] = {}
    outside = entry_points(group=GROUP) if points is None else points
    for connector in (*_in_folder(folder), *map(_from_outside, outside)):
        name = f"{connector.port}.{connector.name}"
        if name in found:
            raise ConnectorClash(
                f"connector {name} is there twice: {found[name].target} and {connector.target}"
            )
        found[name] = connector
    return found


@cache
def installed() -> Mapping[str, Connector]:
    """Those of this process: looking for them reads every file of the folder."""
    return find_connectors()


def _in_folder(folder: Path) -> Iterable[Connector]:
    for file in sorted([*folder.glob("*.py"), *folder.glob("*/__init__.py")]):
        name = file.parent.name if file.stem == "__init__" else file.stem
        port = _port_of(file.read_text(encoding="utf-8"))
        if port is not None:
            yield Connector(port, name, f"{_PACKAGE}.{name}:create")


def _port_of(source: str) -> str | None:
    """The port that a file declares; None for a file that only helps a connector.

    >>> _port_of('PORT = "notifier"')
    'notifier'
    """
    for node in ast.parse(source).body:
        if (
            isinstance(node, ast.Assign)
            and [ast.unparse(target) for target in node.targets] == ["PORT"]
            and isinstance(node.value, ast.Constant)
        ):
            return str(node.value.value)
    return None


def _from_outside(point: EntryPoint) -> Connector:
    port, dot, name = point.name.partition(".")
    if not (dot and name and ":" in point.value):
        raise ConnectorClash(
            f"entry point {point.name!r} of {GROUP} must be <port>.<name> = module:function"
        )
    return Connector(port, name, point.value)


def _create_all(port: str, key: str, settings: Settings) -> dict[str, Any]:
    """Every connector of a port, by what its attribute `key` says it serves."""
    made: dict[str, Any] = {}
    for connector in installed().values():
        if connector.port != port:
            continue
        part = connector.create(settings)
        serves = getattr(part, key)
        if serves in made:
            raise ConnectorClash(f"two connectors of {port} serve {serves}: {connector.target}")
        made[serves] = part
    return made


def _create_only(port: str, settings: Settings) -> Any:
    connectors = [c for c in installed().values() if c.port == port]
    if len(connectors) != 1:
        targets = ", ".join(connector.target for connector in connectors) or "none"
        raise ConnectorClash(f"there must be one connector of {port}, found: {targets}")
    return connectors[0].create(settings)


def notifiers(settings: Settings) -> Mapping[str, Notifier]:
    """Notifiers by channel."""
    return _create_all("notifier", "channel", settings)


def ci_backends(settings: Settings) -> Mapping[str, CiBackend]:
    """Systems that build by themselves, by kind."""
    return _create_all("ci_backend", "kind", settings)


def result_parsers(settings: Settings | None = None) -> Mapping[str, ResultParser]:
    """Parsers by MIME type; one that reads several types is there several times."""
    made = _create_all("result_parser", "mimes", settings or Settings())
    found: dict[str, ResultParser] = {}
    for mimes, parser in made.items():
        for mime in mimes:
            if mime in found:
                raise ConnectorClash(f"two connectors of result_parser serve {mime}")
            found[mime] = parser
    return found


def object_store(settings: Settings) -> ObjectStore:
    """Where bytes live: the connector of the setting's scheme."""
    scheme, colon, _ = settings.objects.partition(":")
    connector = installed().get(f"object_store.{scheme}") if colon else None
    if connector is None:
        raise BadRequest("RINGTEST_OBJECTS must begin with the name of a store, as in disk: or s3:")
    store: ObjectStore = connector.create(settings)
    return store


def file_source(place: str, settings: Settings) -> FileSource:
    """Files to copy from: a folder, or objects at `s3://bucket/prefix`."""
    scheme = place.partition("://")[0] if "://" in place else ""
    name = f"object_store.{scheme}" if scheme else "file_source.folder"
    connector = installed().get(name)
    if connector is None:
        raise BadRequest(f"{place}: name a folder, or objects as s3://bucket/prefix")
    source: FileSource = connector.create(
        replace(settings, objects=place if scheme else f"folder:{place}")
    )
    return source


def secret_box(settings: Settings) -> SecretBox:
    """What keeps secrets."""
    box: SecretBox = _create_only("secret_box", settings)
    return box


def certification_desk(settings: Settings) -> CertificationDesk | None:
    """The certification tool, if the settings name one."""
    if not settings.certification_url:
        return None
    desk: CertificationDesk = _create_only("certification_desk", settings)
    return desk


def columnar(settings: Settings) -> Columnar:
    """What writes and asks files of columns."""
    made: Columnar = _create_only("columnar", settings)
    return made


def identity_provider(settings: Settings) -> IdentityProvider:
    """Whose word about people counts."""
    provider: IdentityProvider = _create_only("identity_provider", settings)
    return provider
