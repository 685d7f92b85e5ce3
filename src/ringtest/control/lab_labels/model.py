"""Labs, their machines, and what of a job's wishes these fulfil. Pure."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct, field

from ringtest.language.labels import Wishes, texts, unmet


class Machine(Struct):
    """What an agent told last of its machine. `unmet` are wishes that it does not fulfil."""

    agent: str
    labels: dict[str, str]
    unmet: list[str] = []


class Lab(Struct):
    """A lab with its machines. One that has told nothing of them fulfils no wish."""

    id: UUID
    name: str
    team_id: UUID
    connected: bool
    subscribed: bool
    machines: list[Machine] = []
    fits: bool = False

    def hold_against(self, wishes: Wishes) -> "Lab":
        """The same, with what its machines lack."""
        for machine in self.machines:
            machine.unmet = [one.text for one in unmet(wishes, machine.labels)]
        self.fits = not wishes or any(not one.unmet for one in self.machines)
        return self


class Matching(Struct):
    """An answer: what is needed, in words who has it, and every lab."""

    needs: list[str]
    text: str
    fitting: int
    labs: list[Lab] = field(default_factory=list)


def matching(wishes: Wishes, labs: Sequence[Lab]) -> Matching:
    """Labs held against wishes, the fitting ones first."""
    held = sorted((lab.hold_against(wishes) for lab in labs), key=lambda one: (not one.fits,
                  not one.connected, one.name))  # fmt: skip
    fitting = sum(lab.fits for lab in held)
    return Matching(texts(wishes), _in_words(wishes, held), fitting, held)


def _in_words(wishes: Wishes, labs: Sequence[Lab]) -> str:
    """
    >>> west = Lab(UUID(int=1), "west", UUID(int=9), True, True, [Machine("a", {"nic": "e1000"})])
    >>> east = Lab(UUID(int=2), "east", UUID(int=9), False, True, [Machine("b", {"nic": "ixgbe"})])
    >>> matching({"nic": "mlx5*"}, [west, east]).text
    'no lab has nic=mlx5*: 2 labs lack it, 1 of them is offline'
    >>> matching({"nic": "ixgbe"}, [west, east]).text
    '1 of 2 labs has nic=ixgbe, and is offline'
    >>> matching({}, [west, east]).text, matching({}, []).text
    ('any lab will do: 2 labs, 1 of them is offline', 'there is no lab')
    """
    if not labs:
        return "there is no lab"
    offline = sum(not lab.connected for lab in labs)
    if not wishes:
        return f"any lab will do: {_labs(len(labs))}{_offline(offline, len(labs))}"
    needs = texts(wishes)
    fitting = [lab for lab in labs if lab.fits]
    if fitting:
        away = sum(not lab.connected for lab in fitting)
        has = "has" if len(fitting) == 1 else "have"
        return (
            f"{len(fitting)} of {_labs(len(labs))} {has} {', '.join(needs)}"
            f"{_offline(away, len(fitting))}"
        )
    nowhere = [
        need
        for need, (label, wish) in zip(needs, wishes.items(), strict=True)
        if not any(not unmet({label: wish}, one.labels) for lab in labs for one in lab.machines)
    ]
    what = ", ".join(nowhere) if nowhere else f"all of {', '.join(needs)}"
    lack = "lacks" if len(labs) == 1 else "lack"
    silent = sum(not lab.machines for lab in labs)
    told = f", {silent} told nothing of its machines" if silent else ""
    return f"no lab has {what}: {_labs(len(labs))} {lack} it{told}{_offline(offline, len(labs))}"


def _labs(count: int) -> str:
    return f"{count} lab{'' if count == 1 else 's'}"


def _offline(count: int, of: int) -> str:
    """
    >>> _offline(0, 3), _offline(1, 1), _offline(3, 3), _offline(2, 3)
    ('', ', and is offline', ', all offline', ', 2 of them are offline')
    """
    if not count:
        return ""
    if count == of:
        return ", and is offline" if of == 1 else ", all offline"
    return f", {count} of them {'is' if count == 1 else 'are'} offline"
