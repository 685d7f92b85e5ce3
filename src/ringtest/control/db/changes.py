"""What changed, table by table: the ground of all that a process remembers of its database.

PostgreSQL tells every process of changes when they commit (migration 0005); a process knows
of its own a moment earlier. While nobody listens nothing is remembered, so what is taken
from memory is at most a notification older than the database. To remember something:

    since = db.changes.moment()              # before reading
    ...                                      # read
    kept.keep(key, value, reads=frozenset({"users", "teams"}), since=since)
    ...
    value = kept.recall(key)                 # None once a row of users or teams changed
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

from ringtest.control.db.notify import CHANGES, Notifications
from ringtest.control.db.statements import Statements

Value = TypeVar("Value")


class Changes:
    """When each table last changed, in moments of this process.

    >>> changes = Changes()
    >>> changes.moment() is None  # nobody listens yet
    True
    """

    def __init__(self) -> None:
        self._moment = 0
        self._since: dict[str, int] = {}
        self._deaf_until = 0
        self._notifications: Notifications | None = None

    def follow(self, notifications: Notifications) -> None:
        """Hear of changes from now on."""
        if self._notifications is not notifications:
            self._notifications = notifications
            notifications.subscribe(self._hear)
            self._forget()

    def moment(self) -> int | None:
        """Now; None while changes would not be heard, and what is read not be kept."""
        source = self._notifications
        return self._moment if source is not None and source.connected.is_set() else None

    def hold(self, names: Iterable[str], since: int) -> bool:
        """Whether none of these changed since. A name is a table, or `table+` for which rows
        it has and whose they are."""
        if self.moment() is None or since < self._deaf_until:
            return False
        if since == self._moment:  # nothing at all did
            return True
        last = self._since.get
        return all([last(name, 0) <= since for name in names])

    def wrote(self, names: Iterable[str]) -> None:
        """This process committed a change: it shows at once, whenever its notification comes."""
        for name in names:
            self._moment += 1
            self._since[name] = self._moment

    def _hear(self, channel: str, payload: str) -> None:
        if channel != CHANGES:
            return
        if payload == "":  # something may have changed while nobody listened
            self._forget()
        else:
            table = payload.removesuffix("+")
            self.wrote((table, payload) if table != payload else (table,))

    def _forget(self) -> None:
        self._moment += 1
        self._deaf_until = self._moment


class Kept(Generic[Value]):
    """Values that hold until a table they were made of changes; the one not asked for longest
    goes first when there is no room. A cache: may forget anything at any time."""

    def __init__(self, changes: Changes, *, room: int = 1000) -> None:
        self._changes = changes
        self._room = room
        self._known: OrderedDict[Hashable, tuple[Value, frozenset[str], int]] = OrderedDict()

    def recall(self, key: Hashable) -> Value | None:
        """The value, if it still holds."""
        found = self._known.get(key)
        if found is None:
            return None
        value, reads, since = found
        if not self._changes.hold(reads, since):
            del self._known[key]
            return None
        self._known.move_to_end(key)
        return value

    def keep(
        self, key: Hashable, value: Value, *, reads: frozenset[str] | None, since: int | None
    ) -> None:
        """Remember what was read at `since` (`Changes.moment`, taken before) from `reads`.

        None for either means that it cannot be known to hold: then it is not kept.
        """
        if reads is None or since is None:
            return
        self._known[key] = (value, reads, since)
        self._known.move_to_end(key)
        while len(self._known) > self._room:
            self._known.popitem(last=False)


class Memory:
    """What a process knows of one database beside its connections: which tables there are,
    when they changed, how many rows lists have, and what the last answers were called."""

    def __init__(self, statements: Statements) -> None:
        self.statements = statements
        self.changes = Changes()
        self.counts: Kept[int] = Kept(self.changes, room=5000)
        self.answers: Kept[str] = Kept(self.changes, room=10_000)


class Footprint:
    """What a transaction read and wrote so far."""

    def __init__(self, memory: Memory, since: int | None) -> None:
        self.memory = memory
        self.reads: frozenset[str] | None = frozenset()
        self.writes: frozenset[str] = frozenset()
        self._since = since

    def saw(self, sql: str) -> None:
        """A statement ran."""
        effect = self.memory.statements.of(sql)
        if self.reads is not None:
            self.reads = None if effect.reads is None else self.reads | effect.reads
        if effect.writes:
            self.writes |= effect.writes

    @property
    def since(self) -> int | None:
        """The moment what was read is of; None once it wrote, as that is not committed."""
        return None if self.writes else self._since
