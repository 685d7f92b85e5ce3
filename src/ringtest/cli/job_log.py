"""A job's log as it grows."""

from collections.abc import AsyncIterator, Mapping

from ringtest.client import AsyncClient
from ringtest.client.sse import read_events


async def follow_log(
    client: AsyncClient, job: str, parameters: Mapping[str, str]
) -> AsyncIterator[list[str]]:
    """Lines of one attempt as they come, until it is over; resumes behind what it has."""
    have = int(parameters.get("from_line", 0))

    def where() -> dict[str, str]:
        return {**parameters, "from_line": str(have)}

    async for event in read_events(client, f"/jobs/{job}/log/stream", params=where):
        if event.type == "end":
            return
        if event.type == "lines":
            data = event.json()
            new = data["lines"][max(0, have - data["from_line"]) :]
            have = max(have, data["from_line"] + len(data["lines"]))
            if new:
                yield new
