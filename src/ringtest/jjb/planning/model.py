"""What is to be done, and why: decisions about one job or view at a time. Pure.

A first look has the lists only, and settles most jobs; a second one has the configuration.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from xml.parsers.expat import ExpatError

from ringtest.client.jenkins.listing import LiveItem, LiveView
from ringtest.jjb.planning import marks, semantics
from ringtest.jjb.planning.differences import Change, differences


class Verb(StrEnum):
    """What is done to a job or view.

    adopt: written although it means the same, so that lists alone tell of it from then on.
    blocked: it cannot or must not be done; the reason says why.
    """

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    DELETE = "delete"
    KEEP = "unchanged"
    BLOCKED = "blocked"


WRITES = (Verb.CREATE, Verb.UPDATE, Verb.ADOPT, Verb.DELETE)


@dataclass(frozen=True, slots=True)
class Desired:
    """A job or view as it should be: `kind` is job or view, `xml` what was rendered."""

    kind: str
    name: str
    xml: bytes

    @property
    def digest(self) -> str:
        """What the mark will say of it."""
        return marks.digest_of(self.xml)


@dataclass(frozen=True, slots=True)
class Action:
    """One decision.

    drift: it was changed by somebody else since it was written.
    disabled: it is written as disabled, because a person disabled it.
    live: digest of what is live, in the one form; None where there is nothing.
    """

    kind: str
    name: str
    verb: Verb
    reason: str = ""
    drift: bool = False
    disabled: bool = False
    desired: str | None = None
    live: str | None = None
    changes: tuple[Change, ...] = ()
    xml: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the caller wants. `set_name` is whose jobs these are."""

    set_name: str = "default"
    delete: bool = False
    delete_builders: bool = False
    take_over: bool = False
    keep_drift: bool = False
    make_folders: bool = False
    verify: bool = False
    existing_only: bool = False


def states_disabled(xml: bytes) -> bool | None:
    """What a rendered job says of being disabled; None leaves it to people.

    >>> states_disabled(b"<project><disabled>true</disabled></project>")
    True
    >>> states_disabled(b"<project><x><disabled>true</disabled></x></project>") is None
    True
    """
    if b"<disabled>" not in xml:
        return None
    text = semantics.parse(xml).findtext("disabled")
    return None if text is None else text.strip() == "true"


def settled(desired: Desired, live: LiveItem | LiveView, choices: Choices) -> Action | None:
    """What lists alone can tell of something that is there; None: its configuration is needed."""
    mark = marks.find(live.description)
    if mark and mark.set_name != choices.set_name and not choices.take_over:
        reason = f"belongs to the set {mark.set_name}; --take-over would make it one of this set"
        return Action(desired.kind, desired.name, Verb.BLOCKED, reason)
    if choices.verify or mark is None or not mark.intact or mark.digest != desired.digest:
        return None
    if mark.set_name != choices.set_name:
        return None
    stated = states_disabled(desired.xml) if isinstance(live, LiveItem) else None
    if stated is not None and isinstance(live, LiveItem) and live.disabled != stated:
        return None
    return Action(desired.kind, desired.name, Verb.KEEP, desired=desired.digest)


def create(desired: Desired) -> Action:
    """There is nothing of that name."""
    return Action(desired.kind, desired.name, Verb.CREATE, desired=desired.digest, xml=desired.xml)


def judge(desired: Desired, live: LiveItem | LiveView, config: bytes, choices: Choices) -> Action:
    """What to do with something that is there, by its configuration."""
    try:
        wanted_root, live_root = semantics.parse(desired.xml), semantics.parse(config)
        stated = states_disabled(desired.xml)
    except (semantics.NotXml, ExpatError) as error:
        return Action(desired.kind, desired.name, Verb.BLOCKED, f"not XML: {error}")
    by_people = stated is None
    wanted = semantics.normal(wanted_root, with_disabled=not by_people)
    found = semantics.normal(live_root, with_disabled=not by_people)
    changes = tuple(differences(found, wanted))
    mark = marks.find(live.description)
    ours = mark is not None and mark.set_name == choices.set_name
    same_as_written = ours and mark is not None and mark.digest == desired.digest
    drift = bool(changes) and (same_as_written or (ours and mark is not None and not mark.intact))
    disabled = by_people and isinstance(live, LiveItem) and bool(live.disabled)
    verb = _verb(bool(changes), same_as_written, drift, choices)
    return Action(
        kind=desired.kind,
        name=desired.name,
        verb=verb,
        reason=_reason(verb, live, mark, drift),
        drift=drift,
        disabled=disabled,
        desired=desired.digest,
        live=live_digest(config),
        changes=changes,
        xml=b"" if verb is Verb.KEEP else desired.xml,
    )


def _verb(changed: bool, same_as_written: bool, drift: bool, choices: Choices) -> Verb:
    if not changed:
        return Verb.KEEP if same_as_written else Verb.ADOPT
    return Verb.KEEP if drift and choices.keep_drift else Verb.UPDATE


def _reason(verb: Verb, live: LiveItem | LiveView, mark: marks.Mark | None, drift: bool) -> str:
    if drift:
        return "changed by hand since it was written"
    if verb is Verb.ADOPT:
        return "means the same; only the mark is written"
    if mark is None and verb is Verb.UPDATE and not marks.is_builders(live.description):
        return "made by somebody else"
    return ""


def live_digest(config: bytes) -> str:
    """What stands for a live configuration, its state of being disabled included."""
    return semantics.digest(semantics.normal(semantics.parse(config)))


def surplus(live: LiveItem | LiveView, kind: str, config: bytes, *, holds_others: bool) -> Action:
    """Something of this set that nobody wants any more."""
    if holds_others:
        reason = "the folder holds jobs that stay"
        return Action(kind, live.name, Verb.BLOCKED, reason)
    return Action(kind, live.name, Verb.DELETE, "no longer wanted", live=live_digest(config))


def is_surplus(live: LiveItem | LiveView, choices: Choices) -> bool:
    """True when it may be deleted by a plan that does not want it."""
    mark = marks.find(live.description)
    if mark is not None:
        return choices.delete and mark.set_name == choices.set_name
    return choices.delete_builders and marks.is_builders(live.description)


def content(action: Action, set_name: str) -> bytes:
    """What is sent to Jenkins: the rendered XML with its mark."""
    return marks.put(action.xml, set_name, disabled=action.disabled)
