"""Services that run or do not."""

from collections.abc import Sequence
from typing import Any

from ringtest.agent.guarding.commands import output_of
from ringtest.agent.guarding.things import Problem, Thing
from ringtest.agent.preparation.services import Service, read_services


class Services:
    """Those that are named."""

    kinds: Sequence[str] = ("service",)

    def __init__(self, said: Any) -> None:
        self._services = read_services(said)

    async def read(self) -> Sequence[Thing]:
        """See `Watcher`."""
        return [await self._thing(name, one) for name, one in self._services.items()]

    async def _thing(self, name: str, service: Service) -> Thing:
        code, _, _ = await output_of(service.command(name, "status"))
        return Thing("", "service", name, {"state": "stopped" if code else "running"})

    async def restore(self, before: Thing | None, after: Thing | None) -> None:
        """See `Watcher`."""
        assert before and after, "the same services are asked each time"
        verb = "start" if before.facts["state"] == "running" else "stop"
        service = self._services[before.name]
        code, out, errors = await output_of(service.command(before.name, verb))
        if code:
            raise Problem((errors or out).strip().rpartition("\n")[2] or f"exit code {code}")
