"""What a controller keeps: items in folders, views, builds, the queue, nodes, people."""

import hashlib
import hmac
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.jenkins_server.rewriting import read, rewrite

FOLDER = "com.cloudbees.hudson.plugins.folder.Folder"
KINDS = {
    "project": "hudson.model.FreeStyleProject",
    "matrix-project": "hudson.matrix.MatrixProject",
    "hudson.matrix.MatrixProject": "hudson.matrix.MatrixProject",
    "maven2-moduleset": "hudson.maven.MavenModuleSet",
    "flow-definition": "org.jenkinsci.plugins.workflow.job.WorkflowJob",
    "com.tikal.jenkins.plugins.multijob.MultiJobProject": (
        "com.tikal.jenkins.plugins.multijob.MultiJobProject"
    ),
    FOLDER: FOLDER,
}
UNSAFE = set('?*/\\%!@#$^&|<>[]:;"')


class Refused(Exception):
    """An answer other than 200, with the reason in Jenkins' own header."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason


@dataclass(slots=True)
class Outcome:
    """What a build of a job will do: its log in pieces, then its end."""

    pieces: tuple[str, ...] = ("Started by user admin\n", "+ true\n")
    result: str = "SUCCESS"
    report: dict[str, object] | None = None
    artifacts: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Build:
    """One run of a job. Each look at its log lets it go on by one piece."""

    job: "Item"
    number: int
    queue_id: int
    parameters: dict[str, str]
    outcome: Outcome
    shown: int = 0
    stopped: str = ""

    @property
    def building(self) -> bool:
        return not self.stopped and self.shown < len(self.outcome.pieces)

    @property
    def result(self) -> str | None:
        return self.stopped or (None if self.building else self.outcome.result)

    @property
    def log(self) -> str:
        end = "" if self.building else f"Finished: {self.result}\n"
        return "".join(self.outcome.pieces[: self.shown]) + end

    def go_on(self) -> None:
        """One piece further."""
        if self.building:
            self.shown += 1


@dataclass(slots=True)
class Queued:
    """A wish to build. It waits for `polls` looks, then becomes a build."""

    id: int
    job: "Item"
    parameters: dict[str, str]
    polls: int
    build: Build | None = None
    cancelled: bool = False

    @property
    def kind(self) -> str:
        left = self.build is not None or self.cancelled
        return f"hudson.model.Queue${'LeftItem' if left else 'WaitingItem'}"


@dataclass(slots=True)
class View:
    """A view, by its configuration."""

    name: str
    config: str

    @property
    def kind(self) -> str:
        return read(self.config.encode()).tag

    @property
    def description(self) -> str | None:
        return read(self.config.encode()).findtext("description")


@dataclass(slots=True)
class Item:
    """A job or a folder. The configuration is text; what is shown is read from it."""

    name: str
    parent: "Item | None"
    config: str = ""
    root: ET.Element = field(default_factory=lambda: ET.Element("project"))
    children: dict[str, "Item"] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    builds: list[Build] = field(default_factory=list)
    outcome: Outcome | None = None

    @property
    def full_name(self) -> str:
        above = self.parent.full_name if self.parent else ""
        return f"{above}/{self.name}" if above else self.name

    @property
    def path(self) -> str:
        return "".join(f"job/{part}/" for part in self.full_name.split("/")) if self.name else ""

    @property
    def kind(self) -> str:
        return KINDS[self.root.tag] if self.name else "hudson.model.Hudson"

    @property
    def is_folder(self) -> bool:
        return not self.name or self.kind == FOLDER

    @property
    def disabled(self) -> bool:
        return self.root.findtext("disabled") == "true"

    @property
    def color(self) -> str:
        if self.disabled:
            return "disabled"
        last = self.builds[-1] if self.builds else None
        if last is None:
            return "notbuilt"
        if last.building:
            return "notbuilt_anime"
        return {"SUCCESS": "blue", "ABORTED": "aborted"}.get(last.result or "", "red")

    def configure(self, document: bytes) -> None:
        """Take a configuration, as Jenkins keeps it."""
        root = read(document)
        if root.tag not in KINDS:
            raise Refused(500, f"CannotResolveClassException: {root.tag}")
        self.config = rewrite(root).rstrip("\n")
        self.root = root

    def set_field(self, name: str, text: str) -> None:
        """Change one field and save."""
        element = self.root.find(name)
        if element is None:
            element = ET.SubElement(self.root, name)
        element.text = text
        self.config = rewrite(self.root).rstrip("\n")

    def walk(self) -> Iterator["Item"]:
        """Everything below."""
        for child in self.children.values():
            yield child
            yield from child.walk()


@dataclass(slots=True)
class Node:
    """An agent of the controller."""

    name: str
    settings: dict[str, object]
    connected: bool = False
    offline_reason: str | None = None


@dataclass(slots=True)
class Person:
    """Who may call. With a token no crumb is needed; `may_write` false is a reader."""

    name: str
    password: str
    token: str
    may_write: bool = True


class Controller:
    """The state and its verbs. The HTTP server holds a lock around each request."""

    def __init__(self) -> None:
        self.top = Item("", None)
        self.top.views["all"] = View(
            "all", "<hudson.model.AllView><name>all</name></hudson.model.AllView>"
        )
        self.people = {
            "admin": Person("admin", "password-of-admin", "token-of-admin"),
            "reader": Person("reader", "password-of-reader", "token-of-reader", may_write=False),
        }
        self.queue: dict[int, Queued] = {}
        self.nodes: dict[str, Node] = {}
        self.queue_polls = 1
        self.sessions: dict[str, str] = {}
        self.generation = 0
        self._numbers = 0
        self.on_create: Callable[[Item], None] = lambda item: None

    def next_number(self) -> int:
        """Ids of sessions and queue items."""
        self._numbers += 1
        return self._numbers

    def find(self, names: list[str]) -> Item:
        """The item at a path. Refused 404."""
        item = self.top
        for name in names:
            if name not in item.children:
                raise Refused(404, f"no item {'/'.join(names)}")
            item = item.children[name]
        return item

    def item(self, full_name: str) -> Item:
        """The item of a full name."""
        return self.find(full_name.split("/"))

    def create(self, folder: Item, name: str, document: bytes) -> Item:
        """A job or folder in a folder. Refused 400 when the name is bad or taken."""
        if not folder.is_folder:
            raise Refused(404, f"{folder.full_name} is no folder")
        if not name or name.strip() != name or UNSAFE & set(name) or name in (".", ".."):
            raise Refused(400, f"‘{name}’ is an unsafe name")
        if name in folder.children:
            raise Refused(400, f"A job already exists with the name ‘{name}’")
        item = Item(name, folder)
        item.configure(document)
        if item.is_folder:
            item.views["All"] = View(
                "All", "<hudson.model.AllView><name>All</name></hudson.model.AllView>"
            )
        folder.children[name] = item
        self.on_create(item)
        return item

    def create_view(self, folder: Item, name: str, document: bytes) -> None:
        """A view. Refused 400 when there is one of that name."""
        if name in folder.views:
            raise Refused(400, f"A view already exists with the name “{name}”")
        folder.views[name] = self.view_of(name, document)

    def view_of(self, name: str, document: bytes) -> View:
        """A view as it is kept: its name is that of the address."""
        root = read(document)
        element = root.find("name")
        if element is None:
            element = ET.Element("name")
            root.insert(0, element)
        element.text = name
        return View(name, rewrite(root).rstrip("\n"))

    def build(self, item: Item, parameters: dict[str, str]) -> Queued:
        """Into the queue; a like wish that waits already is the same one."""
        if item.disabled or item.is_folder:
            raise Refused(409, f"{item.full_name} is not buildable")
        for waiting in self.queue.values():
            same = waiting.job is item and waiting.parameters == parameters
            if same and waiting.build is None and not waiting.cancelled:
                return waiting
        queued = Queued(self.next_number(), item, parameters, self.queue_polls)
        self.queue[queued.id] = queued
        return queued

    def look_at(self, queued: Queued) -> None:
        """Each look brings a queued wish nearer to its build."""
        if queued.build or queued.cancelled:
            return
        if queued.polls > 0:
            queued.polls -= 1
            return
        number = len(queued.job.builds) + 1
        outcome = queued.job.outcome or Outcome()
        queued.build = Build(queued.job, number, queued.id, queued.parameters, outcome)
        queued.job.builds.append(queued.build)

    def forget_queue(self) -> None:
        """What Jenkins does some five minutes after an item left the queue."""
        self.queue = {k: q for k, q in self.queue.items() if q.build is None and not q.cancelled}

    def secret_of(self, node: str) -> str:
        """The secret of an inbound agent: a fixed function of its name."""
        return hmac.new(b"key of this controller", node.encode(), hashlib.sha256).hexdigest()

    def connect(self, node: str, secret: str) -> bool:
        """What a started agent does; False when the secret or the node is wrong."""
        if node not in self.nodes or not hmac.compare_digest(secret, self.secret_of(node)):
            return False
        self.nodes[node].connected = True
        return True

    def restart(self) -> None:
        """Sessions, agents and running builds are lost; items and the queue are not."""
        self.generation += 1
        self.sessions.clear()
        for node in self.nodes.values():
            node.connected = False
        for item in self.top.walk():
            for build in item.builds:
                if build.building:
                    build.stopped = "ABORTED"
