"""One build while one of its actions is done."""

import os
import re
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from ringtest.jjb.native import plan as plans
from ringtest.jjb.native.credentials import PAIR, SECRET, Credentials
from ringtest.jjb.native.doing import variables
from ringtest.jjb.native.doing.processes import Masks, Output, TimedOut, run
from ringtest.jjb.native.plan import Plan, State
from ringtest.jjb.native.program import Timeout

FOLDER = "jenkins"
"""Of a build's folder: what its actions share."""
_HIDDEN = "secrets.json"


class Failed(Exception):
    """An action did not do what it should: the build fails, or gets another result."""

    def __init__(self, message: str, result: str = "FAILURE") -> None:
        super().__init__(message)
        self.result = result


class Build:
    """Its plan, its state and its commands; `save` before another process goes on."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.folder = out / FOLDER
        self.plan = plans.read(self.folder / "plan.json", Plan)
        self.state = plans.read(self.folder / "state.json", State)
        self.workspace = Path(self.plan.workspace)
        self.workspace.mkdir(parents=True, exist_ok=True)
        self.limits: list[Timeout] = []
        """In force while builders are done."""
        path = Path(self.plan.credentials) if self.plan.credentials else None
        self.credentials = Credentials(path)
        hidden = self.folder / _HIDDEN
        self._secrets = plans.read(hidden, dict[str, str]) if hidden.exists() else {}
        self.output = Output(self.folder / "console.txt", Masks(self._hidden()))

    def save(self) -> None:
        """Writes the state."""
        plans.write(self.folder / "state.json", self.state)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of commands, the strongest last: machine, Jenkins and parameters, injected."""
        machine = dict(os.environ)
        for name in self.credentials.variables():
            machine.pop(name, None)
        bound = {name: self.credentials.part(*at) for name, at in self.state.bound.items()}
        return {
            **machine, **self.plan.variables, **self._secrets, **self.state.variables, **bound,
        }  # fmt: skip

    def set(self, name: str, value: str) -> None:
        """Sets a variable for what follows."""
        self.state.variables[name] = value

    def bind(self, name: str, credential: str, part: str) -> None:
        """Sets a variable to a secret, which is then hidden."""
        self.state.bound[name] = (credential, part)
        self.hide_again()

    def use(self, credential: str, part: str) -> str:
        """A secret for a command, which is then hidden."""
        self.state.used.append((credential, part))
        self.hide_again()
        return self.credentials.part(credential, part)

    def hide(self, texts: Sequence[str]) -> None:
        """Hides texts from here on."""
        self.state.hidden += texts
        self.hide_again()

    def hide_again(self) -> None:
        """Hides what is secret by now."""
        self.output.masks = Masks(self._hidden())

    def _hidden(self) -> list[str]:
        bound = [
            self.credentials.part(name, "password" if part == PAIR else part)
            for name, part in [*self.state.bound.values(), *self.state.used]
            if part in SECRET
        ]
        return [*self._secrets.values(), *bound, *self.state.hidden]

    def expand(self, text: str, *, strict: bool = False) -> str:
        """Text with its variables."""
        return variables.expand(text, self.environment, strict=strict)

    def say(self, text: str) -> None:
        """A line of the log."""
        self.output.say(text)

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        more: dict[str, str] | None = None,
        minutes: float | None = None,
    ) -> int:
        """A command; its exit code, as shells give it. Failed when it cannot start or in time."""
        until, silence, limit = self._limits()
        if minutes is not None:
            own = time.time() + 60 * minutes
            until, limit = (own, None) if until is None or own < until else (until, limit)
        try:
            code = run(
                argv,
                cwd=cwd or self.workspace,
                env={**self.environment, **(more or {})},
                output=self.output,
                until=until,
                silence=silence,
            )
        except TimedOut as error:
            if limit is not None and limit.description:
                self.state.description = self.expand(limit.description)
            result = limit.result if limit is not None else "FAILURE"
            raise Failed(f"build timed out: {error}", result) from None
        except OSError as error:
            raise Failed(f"{argv[0]}: {error.strerror}") from None
        return code if code >= 0 else 128 - code

    def checked(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        more: dict[str, str] | None = None,
        minutes: float | None = None,
    ) -> None:
        """A command that must exit with 0."""
        code = self.run(argv, cwd=cwd, more=more, minutes=minutes)
        if code:
            raise Failed(f"{argv[0]} exited with {code}")

    def script(self, command: str) -> int:
        """A script as Jenkins runs it: by its `#!` line, else by `/bin/sh -xe`."""
        command = command.replace("\r\n", "\n")
        with tempfile.TemporaryDirectory(dir=self.scratch, prefix="script-") as folder:
            path = Path(folder, "jenkins.sh")
            path.write_text(command, encoding="utf-8", errors="surrogateescape")
            first = re.match(r"#!\s*(.*)", command)
            words = first[1].split() if first else []
            return self.run([*(words or ["/bin/sh", "-xe"]), str(path)])

    @property
    def scratch(self) -> Path:
        """A folder for files that live as long as the build."""
        folder = self.folder / "tmp"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _limits(self) -> tuple[float | None, float | None, Timeout | None]:
        """Until when, the longest silence, and the limit that says what comes of it."""
        until: float | None = None
        silence: float | None = None
        chosen: Timeout | None = None
        for limit in self.limits:
            if limit.kind == "activity":
                silence, chosen = self.seconds(limit.seconds), chosen or limit
                continue
            ends = self._end_of(limit)
            if until is None or ends < until:
                until, chosen = ends, limit
        return until, silence, chosen

    def _end_of(self, limit: Timeout) -> float:
        if limit.kind == "absolute":
            return self.state.builders_began + self.seconds(limit.seconds)
        began = datetime.fromtimestamp(self.state.builders_began)
        clock = self.expand(limit.clock)
        try:
            parts = [int(part) for part in clock.split(":")]
            at = began.replace(hour=parts[0], minute=parts[1], second=(*parts, 0)[2], microsecond=0)
        except (ValueError, IndexError):
            raise Failed(f"{clock!r} is no time of a deadline") from None
        return (at if at > began else at + timedelta(days=1)).timestamp()

    def seconds(self, text: str) -> float:
        """A time that may hold variables: `90`, `60*$MINUTES`."""
        factor, star, rest = text.partition("*")
        try:
            return float(factor) * float(self.expand(rest)) if star else float(self.expand(text))
        except ValueError:
            raise Failed(f"{text!r} is no time") from None

    def log(self) -> str:
        """What was printed so far."""
        return (self.folder / "console.txt").read_text(encoding="utf-8", errors="replace")
