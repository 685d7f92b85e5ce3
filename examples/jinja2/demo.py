"""`make demo`: a server, a feeder, two labs and a receiver of reports, and what comes of it.

Everything runs on this machine and keeps its data in one folder. Ctrl-C ends it in
seconds; starting it again goes on where it was.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live

from examples.jinja2 import screen
from examples.jinja2.demo_state import DemoState
from examples.jinja2.processes import Child, Household, wait_for_line
from examples.jinja2.seed import LABS, Seeded, seed
from examples.jinja2.story import Story, look
from ringtest.client import Client, ClientError, Connection

_HERE = Path(__file__).parent
_RINGTEST = str(Path(sys.executable).with_name("ringtest"))
_LOOK_SECONDS = 1.0
_START_SECONDS = 120.0


class Demo:
    """The programs of one run and what they need to know of each other."""

    def __init__(self, data: Path, ports: dict[str, int | None], tell: Callable[[str], None]):
        self.data = data
        self.state = DemoState.of(data)
        self.state.choose_ports(ports)
        self.state.save()
        self.household = Household(tell)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.state.ports['server']}"

    @property
    def addresses(self) -> screen.Addresses:
        """What a person needs."""
        sink = f"http://127.0.0.1:{self.state.ports['sink']}/"
        words = (self.state.admin_password, self.state.partner_password)
        return screen.Addresses(self.url, sink, *words)

    def admin(self) -> Client:
        """The API as super admin."""
        return Client(Connection.for_user(self.url, "admin", self.state.admin_password))

    async def start_server(self) -> None:
        """Server and receiver of reports, ready when this returns."""
        server, sink, mail = (
            f"127.0.0.1:{self.state.ports[name]}" for name in ("server", "sink", "mail")
        )
        folders = [str(self.data / name) for name in ("server", "sink")]
        children = (
            self._child(
                "server",
                [_RINGTEST, "up", "--data", folders[0], "--listen", server],
                RINGTEST_ADMIN_PASSWORD=self.state.admin_password,
                RINGTEST_SMTP_URL=f"smtp://{mail}",
                RINGTEST_PUBLIC_URL=self.url,  # for the links in reports
            ),
            self._child(
                "sink",
                _module("sink", "--folder", folders[1], "--http", sink, "--smtp", mail),
                SINK_SECRET=self.state.webhook_secret,
            ),
        )
        for child in children:
            await self.household.start(child)
        for child in children:
            await wait_for_line(child, r"(?m)^ready http://\S+", seconds=_START_SECONDS)

    async def start_labs(self, seeded: Seeded) -> None:
        """Two agents, each with its own key and folder, then the feeder."""
        for name in LABS:
            await self.household.start(
                self._child(
                    name,
                    [_RINGTEST, "agent", "--config", str(_HERE / f"{name}.toml")],
                    RINGTEST_AGENT_DATA=str(self.data / name),
                    **self._key(name),
                )
            )
        cache = str(self.data / "archives")
        command = _module("feeder", "--server", self.url, "--cache", cache)
        command += ["--topic", seeded.topic_id]
        feeder = self._child("feeder", command, **self._key("package-index"))
        feeder.once = True
        await self.household.start(feeder)

    def _key(self, name: str) -> dict[str, str]:
        key = self.state.keys[name]
        return {
            "RINGTEST_SERVER": self.url,
            "RINGTEST_CLIENT_ID": key.identity,
            "RINGTEST_API_SECRET": key.secret,
        }

    def _child(self, name: str, command: list[str], **environment: str) -> Child:
        return Child(name, command, self.data / "logs" / f"{name}.log", environment)


def _module(name: str, *options: str) -> list[str]:
    return [sys.executable, "-m", f"examples.jinja2.{name}", *options]


async def run(options: argparse.Namespace, console: Console) -> int:
    """Start everything and show it until the person, or `--once`, has seen enough."""
    news: list[str] = []
    ports = {"server": options.port, "sink": options.sink_port, "mail": options.mail_port}
    demo = Demo(options.data.absolute(), ports, news.append)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    stop = asyncio.create_task(stopping.wait())
    work = asyncio.create_task(_tell_story(demo, options, console, news))
    try:
        await asyncio.wait({stop, work}, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else 0
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        console.print("Ending …", style="dim")
        await demo.household.end()
        console.print("Ended. [bold]make demo[/bold] goes on here.", style="dim")


async def _tell_story(
    demo: Demo, options: argparse.Namespace, console: Console, news: list[str]
) -> int:
    started = time.monotonic()
    with console.status("Starting the server (the first start makes its database) …"):
        await demo.start_server()
        with demo.admin() as client:
            seeded = await asyncio.to_thread(seed, client, demo.state)
        await demo.start_labs(seeded)
    if not console.is_terminal:
        console.print(screen.header(demo.addresses))
    story = Story()
    with demo.admin() as client, _live(console) as live:
        while True:
            trouble: list[str] = []
            try:
                story = await asyncio.to_thread(look, client, seeded)
            except ClientError as error:  # it may be starting again
                trouble = [f"the server: {error}"]
            if live:
                children, told = demo.household.children, news + trouble
                live.update(screen.whole(demo.addresses, story, children, told), refresh=True)
            took = time.monotonic() - started
            if options.once and (story.is_complete() or took > options.timeout):
                break
            await asyncio.sleep(_LOOK_SECONDS)
    return _conclude(story, took, console, news + trouble)


def _live(console: Console) -> contextlib.AbstractContextManager[Live | None]:
    """A screen that is drawn anew in a terminal; nothing when nobody looks."""
    if console.is_terminal:
        return Live(console=console, auto_refresh=False, vertical_overflow="crop")
    return contextlib.nullcontext()


def _conclude(story: Story, seconds: float, console: Console, news: list[str]) -> int:
    """The answer as a table, once; exit code 1 when it did not come in time."""
    console.print(screen.answer(story), screen.groups(story))
    for line in news:
        console.print(line, style="yellow")
    if not story.is_complete():
        console.print(f"not complete after {seconds:.0f} s", style="red")
        return 1
    jobs, reports = len(story.jobs), story.delivered
    console.print(f"{jobs} jobs finished, {reports} reports delivered after {seconds:.0f} s")
    return 0


def main() -> int:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("demo-data"))
    parser.add_argument("--once", action="store_true", help="end when the answer is complete")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds, with --once")
    parser.add_argument("--port", type=int, help="of the server; default: a free one, kept")
    parser.add_argument("--sink-port", type=int, help="of the reports' page")
    parser.add_argument("--mail-port", type=int, help="of the mail receiver")
    options = parser.parse_args()
    console = Console(soft_wrap=False)
    try:
        return asyncio.run(run(options, console))
    except (RuntimeError, ClientError) as error:
        console.print(str(error), style="red", markup=False)
        return 1


if __name__ == "__main__":
    sys.exit(main())
