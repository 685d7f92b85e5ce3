"""Makes a plan: reads what is live, in as few requests as that takes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ringtest.client.jenkins import Controller, Missing
from ringtest.client.jenkins.listing import Listing, LiveItem, LiveView
from ringtest.jjb.planning import marks, model
from ringtest.jjb.planning.model import Action, Choices, Desired, Verb

WORKERS = 8
_FOLDER = b"<com.cloudbees.hudson.plugins.folder.Folder/>"
_FOLDER_KIND = "com.cloudbees.hudson.plugins.folder.Folder"

Step = Callable[[int, int], None]
"""Told of progress: how many configurations are read, of how many."""


@dataclass(slots=True)
class Plan:
    """What would be done to one controller, in the order in which it is safe to do."""

    url: str
    set_name: str
    actions: list[Action] = field(default_factory=list)
    requests: int = 0

    def of(self, *verbs: Verb) -> list[Action]:
        """Actions of these verbs."""
        return [action for action in self.actions if action.verb in verbs]

    @property
    def writes(self) -> list[Action]:
        """What would change something."""
        return self.of(*model.WRITES)

    def counts(self) -> dict[str, int]:
        """How many actions of each verb."""
        return {str(verb): len(self.of(verb)) for verb in Verb}


def make_plan(
    controller: Controller,
    desired: Sequence[Desired],
    choices: Choices,
    *,
    workers: int = WORKERS,
    step: Step = lambda done, total: None,
) -> Plan:
    """The plan that makes a controller hold what is desired.

    Nothing changed: one request for each 500 jobs there are. Else one more for the
    configuration of each job whose mark does not say that it is as desired.
    """
    before = controller.requests
    listing = controller.listing()
    plan = Plan(controller.url, choices.set_name)
    wanted = list(desired)
    if choices.make_folders:
        wanted += _missing_folders(wanted, listing)
    unsettled: list[Desired] = []
    for each in wanted:
        live = _live(listing, each)
        if live is None:
            if not choices.existing_only:
                plan.actions.append(_creation(each, wanted, listing))
        elif (action := model.settled(each, live, choices)) is not None:
            plan.actions.append(action)
        else:
            unsettled.append(each)
    gone = _surplus(listing, wanted, choices)
    looked = _look(controller, listing, unsettled, gone, choices, workers, step)
    plan.actions = sorted([*plan.actions, *looked], key=_order)
    plan.requests = controller.requests - before
    return plan


def plan_deletion(controller: Controller, patterns: Sequence[str], *, unmanaged: bool) -> Plan:
    """The plan that deletes what is called so; `unmanaged`: also what nobody manages.

    A folder is deleted when all that is in it is.
    """
    before = controller.requests
    listing = controller.listing()
    lives: list[LiveItem | LiveView] = [*listing.items.values(), *listing.views.values()]
    named = [each for each in lives if any(fnmatchcase(each.name, one) for one in patterns)]
    plan = Plan(controller.url, Choices().set_name)
    chosen: list[LiveItem | LiveView] = []
    for live in named:
        if unmanaged or marks.find(live.description) or marks.is_builders(live.description):
            chosen.append(live)
        else:
            kind = "job" if isinstance(live, LiveItem) else "view"
            reason = "nobody manages it; --unmanaged would delete it"
            plan.actions.append(Action(kind, live.name, Verb.BLOCKED, reason))
    going = {each.name for each in chosen if isinstance(each, LiveItem)}
    plan.actions += [_deletion(controller, listing, each, going) for each in chosen]
    plan.actions.sort(key=_order)
    plan.requests = controller.requests - before
    return plan


def _live(listing: Listing, desired: Desired) -> LiveItem | LiveView | None:
    if desired.kind == "view":
        return listing.views.get(desired.name)
    return listing.items.get(desired.name)


def _order(action: Action) -> tuple[int, int, int, str]:
    """Folders before what is in them, views after jobs; deletions last, and inside out."""
    depth = action.name.count("/")
    if action.verb is Verb.DELETE:
        return (1, action.kind == "job", -depth, action.name)
    return (0, action.kind == "view", depth, action.name)


def _creation(desired: Desired, wanted: Sequence[Desired], listing: Listing) -> Action:
    folder = desired.name.rpartition("/")[0]
    if folder and not any(each.name == folder and each.kind == "job" for each in wanted):
        live = listing.items.get(folder)
        if live is None or not live.is_folder:
            what = "is not there" if live is None else "is no folder"
            reason = f"the folder {folder} {what}"
            if live is None:
                reason += "; --make-folders would create it"
            return Action(desired.kind, desired.name, Verb.BLOCKED, reason)
    return model.create(desired)


def _missing_folders(wanted: Sequence[Desired], listing: Listing) -> list[Desired]:
    names: set[str] = set()
    for each in wanted:
        folder = each.name.rpartition("/")[0]
        while folder:
            names.add(folder)
            folder = folder.rpartition("/")[0]
    known = {each.name for each in wanted if each.kind == "job"} | set(listing.items)
    return [Desired("job", name, _FOLDER) for name in sorted(names - known)]


def _surplus(
    listing: Listing, wanted: Sequence[Desired], choices: Choices
) -> list[LiveItem | LiveView]:
    if not (choices.delete or choices.delete_builders):
        return []
    names = {(each.kind, each.name) for each in wanted}
    unwanted: list[LiveItem | LiveView] = []
    unwanted += [each for each in listing.items.values() if ("job", each.name) not in names]
    unwanted += [each for each in listing.views.values() if ("view", each.name) not in names]
    return [each for each in unwanted if model.is_surplus(each, choices)]


def _look(
    controller: Controller,
    listing: Listing,
    unsettled: Sequence[Desired],
    gone: Sequence[LiveItem | LiveView],
    choices: Choices,
    workers: int,
    step: Step,
) -> list[Action]:
    """Actions of what needs its configuration to be read, in parallel."""
    total = len(unsettled) + len(gone)
    going = {each.name for each in gone if isinstance(each, LiveItem)}
    done = 0

    def settle(what: Desired | LiveItem | LiveView) -> Action:
        nonlocal done
        action = (
            _judged(controller, listing, what, choices)
            if isinstance(what, Desired)
            else _deletion(controller, listing, what, going)
        )
        done += 1
        step(done, total)
        return action

    if not total:
        return []
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(settle, [*unsettled, *gone]))


def _judged(controller: Controller, listing: Listing, desired: Desired, choices: Choices) -> Action:
    live = _live(listing, desired)
    assert live is not None
    try:
        config = controller.config(desired.kind, desired.name)
    except Missing:
        return model.create(desired)
    return model.judge(desired, live, config, choices)


def _deletion(
    controller: Controller, listing: Listing, live: LiveItem | LiveView, going: set[str]
) -> Action:
    kind = "job" if isinstance(live, LiveItem) else "view"
    inside = [name for name in listing.items if kind == "job" and name.startswith(f"{live.name}/")]
    try:
        config = controller.config(kind, live.name)
    except Missing:
        return Action(kind, live.name, Verb.KEEP, "gone already")
    return model.surplus(live, kind, config, holds_others=not going.issuperset(inside))
