"""From references to values, in the lab: variables, files, commands, the agent's settings."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ringtest.agent.secrets.forms import LEAST
from ringtest.language.secret_reference import Secret, fault

COMMAND_SECONDS = 30.0
"""Longest time of a command that prints a secret."""
MOST_BYTES = 64 * 1024
"""Bytes of a secret at most."""


class SecretError(Exception):
    """A secret cannot be had; the message says which and why, and holds no value."""


class Resolver:
    """Finds values. `lab` are the secrets of the agent's settings: every definition may have
    those. Of others it may have what a pattern of `allowed` fits, such as `env:LAB_*`.

    Paths are below `folder`; a pattern is held against a file's real path.
    """

    def __init__(
        self,
        lab: Mapping[str, Secret],
        allowed: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._lab = lab
        self._allowed = allowed
        self._folder = folder
        self._environment = environment

    async def resolve(self, wanted: Mapping[str, Secret]) -> dict[str, str]:
        """The value of each; SecretError for the first that cannot be had."""
        return {name: await self._one(name, secret) for name, secret in wanted.items()}

    async def _one(self, name: str, secret: Secret) -> str:
        if problem := fault(name, secret):
            raise SecretError(problem)
        if secret.lab:
            known = self._lab.get(secret.lab)
            if known is None:
                raise SecretError(f"{name}: the lab has no secret {secret.lab} in its settings")
            secret = known
        elif not self._is_allowed(secret):
            raise SecretError(
                f"{name}: this lab gives jobs of a server no secret from {secret.source}; "
                f"its people may add that to job_secrets in the agent's settings"
            )
        try:
            value = await self._value(secret)
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise SecretError(f"{name}: {secret.source}: {why}") from None
        except SecretError as error:
            raise SecretError(f"{name}: {secret.source}: {error}") from None
        if len(value.encode()) < LEAST:
            raise SecretError(
                f"{name}: {secret.source} has fewer than {LEAST} bytes: "
                "so few cannot be told from other text, and would not be redacted"
            )
        return value

    def _is_allowed(self, secret: Secret) -> bool:
        source = f"file:{self._path(secret)}" if secret.file else secret.source
        return any(fnmatchcase(source, pattern) for pattern in self._allowed)

    def _path(self, secret: Secret) -> Path:
        return (self._folder / Path(secret.file).expanduser()).resolve()

    async def _value(self, secret: Secret) -> str:
        if secret.env:
            if not (found := self._environment.get(secret.env)):
                raise SecretError("there is no such variable")
            return found
        if secret.file:
            with self._path(secret).open("rb") as file:
                return _text(file.read(MOST_BYTES + 1))
        return await self._printed(secret.command)

    async def _printed(self, command: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # it may tell the secret
            cwd=self._folder,
            env=dict(self._environment),
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                printed, _ = await process.communicate()
        except TimeoutError:
            raise SecretError(f"not done after {COMMAND_SECONDS:g} s") from None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, 9)
                await process.wait()
        if process.returncode:
            raise SecretError(f"exit code {process.returncode}")
        return _text(printed)


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise SecretError(f"it has more than {MOST_BYTES} bytes")
    return data.decode().removesuffix("\n").removesuffix("\r")
