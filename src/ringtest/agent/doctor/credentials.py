"""The lab's key and the file that holds it."""

from collections.abc import Iterator
from uuid import UUID

from ringtest.agent.doctor.model import Found, Lab, bad, ok, warn

_CHECK = "credentials"


def settings(lab: Lab) -> Iterator[Found]:
    """Server, id and key are given."""
    if lab.settings is None:
        yield bad(_CHECK, lab.problem, "run ringtest agent init, or name a file with --config")
        return
    source = str(lab.config) if lab.config else "the environment"
    yield ok(_CHECK, f"{lab.settings.client_id} for {lab.settings.server}, from {source}")
    try:
        UUID(lab.settings.client_id.removeprefix("remoteci/"))
    except ValueError:
        advice = "copy the whole id: remoteci/ and a UUID"
        yield bad(_CHECK, f"{lab.settings.client_id} holds no UUID", advice)


def mode(lab: Lab) -> Iterator[Found]:
    """Nobody else can read the file with the key."""
    if lab.config and lab.config.exists() and lab.config.stat().st_mode & 0o077:
        message = f"others may read {lab.config}"
        yield warn(_CHECK, message, f"chmod 600 {lab.config}")
