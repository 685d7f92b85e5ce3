"""The network between a lab and its server, to be cut and to lose what is sent.

Root has a network namespace for the lab, in which packets are lost; anybody else has a relay,
which loses connections.
"""

import asyncio
import os
import random
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol


class Wire(Protocol):
    """A lab's way to a port of this machine."""

    prefix: tuple[str, ...]
    """Words before the lab's commands."""

    async def server(self, port: int) -> str:
        """Address of a server at that port, as the lab sees it."""
        ...

    async def plug(self, there: bool, *, loss: float = 0.0) -> None:
        """Whether it is there, and the share of what is lost on it."""
        ...


class Namespace:
    """A network namespace with one pair of interfaces. IPv4 alone."""

    def __init__(self) -> None:
        pid = os.getpid()
        self._name = f"rt{pid % 10**6}"
        self._host, self._lab = f"{self._name}h", f"{self._name}l"
        self._net = f"10.{192 + (pid >> 8) % 32}.{pid % 256}"
        self.prefix: tuple[str, ...] = ("ip", "netns", "exec", self._name)

    def begin(self) -> bool:
        """False where this is not allowed, or something for it is missing."""
        if os.geteuid() or not (shutil.which("ip") and shutil.which("iptables")):
            return False
        name, host, lab = self._name, self._host, self._lab
        commands = (
            f"ip netns add {name}",
            f"ip link add {host} type veth peer name {lab} netns {name}",
            f"ip address add {self._net}.1/30 dev {host}",
            f"ip link set {host} up",
            f"ip -n {name} address add {self._net}.2/30 dev {lab}",
            f"ip -n {name} link set {lab} up",
            f"ip -n {name} link set lo up",
            *self._losing(0.5),
            *self._losing(0.0),
        )
        if all(_does(command) for command in commands):
            return True
        self.end()
        return False

    def end(self) -> None:
        """Nothing of it is left."""
        _does(f"ip link del {self._host}")
        _does(f"ip netns del {self._name}")

    async def server(self, port: int) -> str:
        return f"http://{self._net}.1:{port}"

    async def plug(self, there: bool, *, loss: float = 0.0) -> None:
        for command in (
            *self._losing(loss),
            f"ip link set {self._host} {'up' if there else 'down'}",
        ):
            assert _does(command), command

    def _losing(self, share: float) -> list[str]:
        tables = f"{' '.join(self.prefix)} iptables -w"
        rule = f"-m statistic --mode random --probability {share} -j DROP"
        more = [f"{tables} -A {chain} {rule}" for chain in ("INPUT", "OUTPUT")] if share else []
        return [f"{tables} -F", *more]


def _does(command: str) -> bool:
    return not subprocess.run(command.split(), capture_output=True, check=False).returncode


class Relay:
    """Passes bytes on to a port; of connections, and of what they bring, a share is cut."""

    prefix: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._dice = random.Random(5)
        self._port = 0
        self._to = 0
        self._loss = 0.0
        self._listening: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def server(self, port: int) -> str:
        self._to = port
        await self.plug(True)
        return f"http://127.0.0.1:{self._port}"

    async def plug(self, there: bool, *, loss: float = 0.0) -> None:
        self._loss = loss
        if there and self._listening is None:
            self._listening = await asyncio.start_server(self._pass_on, "127.0.0.1", self._port)
            self._port = self._listening.sockets[0].getsockname()[1]
        elif not there and self._listening is not None:
            self._listening.close()
            self._listening = None
            for writer in self._open:
                writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
            ends.append(back)
            self._open.update(ends)
            await asyncio.gather(self._copy(reader, back), self._copy(there, writer))
        except OSError:
            pass
        finally:
            self._open.difference_update(ends)
            for each in ends:
                each.transport.abort()

    async def _copy(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if self._dice.random() < self._loss:
                raise ConnectionResetError
            to.write(data)
            await to.drain()
        with suppress(OSError):
            to.write_eof()


@asynccontextmanager
async def open_wire() -> AsyncIterator[Wire]:
    """The better of the two that this machine has."""
    namespace = Namespace()
    if namespace.begin():
        try:
            yield namespace
        finally:
            namespace.end()
        return
    relay = Relay()
    try:
        yield relay
    finally:
        await relay.plug(False)
