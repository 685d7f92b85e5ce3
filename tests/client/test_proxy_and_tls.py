"""The way to the server: through a proxy, with certificates of one's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ringtest.client import AsyncClient, Client, Connection, Retries, Unreachable
from ringtest.client.tls import VARIABLES, TrustError, trusted
from tests.proxies import tinyproxy, tls_server

ONCE = Retries(attempts=1)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    with tls_server(tmp_path) as found:
        yield found


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[str]:
    with tinyproxy(tmp_path) as address:
        yield address


def ask(address: str, *, ca_file: str = "", proxy: str = "") -> object:
    with Client(Connection(address, ca_file=ca_file, proxy=proxy), retries=ONCE) as client:
        return client.get("/")


def test_an_unknown_authority_is_refused_and_one_of_ones_own_trusted(
    server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, authority = server
    with pytest.raises(Unreachable, match="certificate verify failed"):
        ask(address)
    assert ask(address, ca_file=str(authority)) == {"hello": "world"}
    for variable in VARIABLES:
        monkeypatch.setenv(variable, str(authority))
        assert ask(address) == {"hello": "world"}
        monkeypatch.delenv(variable)


def test_certificates_are_read_once_and_again_when_they_are_others(
    server: tuple[str, Path], tmp_path: Path
) -> None:
    address, authority = server
    mine = tmp_path / "mine.pem"
    mine.write_bytes(authority.read_bytes())
    first = trusted(str(mine))
    assert trusted(str(mine)) is first
    assert trusted() is trusted() is not first
    assert ask(address, ca_file=str(mine)) == {"hello": "world"}
    other = tmp_path / "other.pem"
    other.write_text("no certificate")
    other.replace(mine)
    with pytest.raises(TrustError, match="holds no certificates"):
        ask(address, ca_file=str(mine))


async def test_the_asynchronous_client_trusts_the_same(server: tuple[str, Path]) -> None:
    address, authority = server
    async with AsyncClient(Connection(address, ca_file=str(authority)), retries=ONCE) as client:
        assert await client.get("/") == {"hello": "world"}
    async with AsyncClient(Connection(address), retries=ONCE) as client:
        with pytest.raises(Unreachable, match="certificate verify failed"):
            await client.get("/")


def test_certificates_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(TrustError, match="holds no certificates"):
        ask("https://localhost:1", ca_file=str(tmp_path / "ca.pem"))
    with pytest.raises(TrustError, match="cannot be read"):
        ask("https://localhost:1", ca_file=str(tmp_path / "none.pem"))


def test_a_proxy_carries_requests_unless_the_server_is_excepted(
    server: tuple[str, Path], proxy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, authority = server
    log = tmp_path / "proxy.log"
    asked = f"CONNECT {address.removeprefix('https://')}"
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert ask(address, ca_file=str(authority)) == {"hello": "world"}
    assert asked not in log.read_text()
    monkeypatch.delenv("NO_PROXY")
    assert ask(address, ca_file=str(authority)) == {"hello": "world"}
    assert log.read_text().count(asked) == 1
    monkeypatch.delenv("HTTPS_PROXY")
    assert ask(address, ca_file=str(authority), proxy=proxy) == {"hello": "world"}
    assert log.read_text().count(asked) == 2
