"""Everything a controller holds, in few requests: pages of 500, three levels of folders each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from ringtest.client.jenkins.exchange import Exchange

PAGE = 500
_ITEM = "name,description,color,disabled"
_VIEWS = f"views[name,description]{{0,{PAGE}}}"
_COMPUTED = ("MultiBranchProject", "OrganizationFolder")


@dataclass(frozen=True, slots=True)
class LiveItem:
    """A job or folder as lists show it. `name` is its full name; `disabled` None: it cannot be."""

    name: str
    kind: str
    description: str
    disabled: bool | None
    is_folder: bool


@dataclass(frozen=True, slots=True)
class LiveView:
    """A view; its name begins with the full name of its folder."""

    name: str
    kind: str
    description: str


@dataclass(slots=True)
class Listing:
    """All items and views by full name."""

    items: dict[str, LiveItem] = field(default_factory=dict)
    views: dict[str, LiveView] = field(default_factory=dict)


def item_path(name: str) -> str:
    """The address of a full name, relative to the controller's.

    >>> item_path("team/a b"), item_path("")
    ('job/team/job/a%20b/', '')
    """
    return "".join(f"job/{quote(part, safe='')}/" for part in name.split("/")) if name else ""


def view_path(name: str) -> str:
    """The address of a view.

    >>> view_path("team/mine")
    'job/team/view/mine/'
    """
    folder, _, short = name.rpartition("/")
    return f"{item_path(folder)}view/{quote(short, safe='')}/"


def _tree(first: int) -> str:
    """One more than a page, to know whether there is another one."""
    inner = f"jobs[{_ITEM},{_VIEWS},jobs[name]{{0,1}}]{{0,{PAGE + 1}}}"
    middle = f"jobs[{_ITEM},{_VIEWS},{inner}]{{0,{PAGE + 1}}}"
    return f"jobs[{_ITEM},{_VIEWS},{middle}]{{{first},{first + PAGE + 1}}},{_VIEWS}"


def read_listing(exchange: Exchange) -> Listing:
    """Items and views, at all depths. Branches of multibranch projects are not listed."""
    listing = Listing()
    wanted = [("", 0)]
    while wanted:
        folder, first = wanted.pop()
        data = exchange.json(item_path(folder), _tree(first))
        wanted += _take(listing, folder, data, first, levels=3)
    return listing


def _take(
    listing: Listing, folder: str, data: dict[str, Any], first: int, *, levels: int
) -> Iterator[tuple[str, int]]:
    """Note what an answer shows of a folder; yields what is still to be asked for."""
    prefix = f"{folder}/" if folder else ""
    for view in data.get("views") or ():
        name = prefix + view["name"]
        listing.views[name] = LiveView(name, view.get("_class", ""), view.get("description") or "")
    jobs = data.get("jobs") or []
    if levels == 0:
        if jobs:
            yield folder, 0
        return
    if len(jobs) > PAGE:
        yield folder, first + PAGE
    for job in jobs[:PAGE]:
        item = _item(prefix + job["name"], job)
        listing.items[item.name] = item
        if item.is_folder:
            yield from _take(listing, item.name, job, 0, levels=levels - 1)


def _item(name: str, shown: dict[str, Any]) -> LiveItem:
    kind = str(shown.get("_class", ""))
    color = shown.get("color")
    disabled = shown.get("disabled")
    if disabled is None and color is not None:
        disabled = str(color).startswith("disabled")
    is_folder = "jobs" in shown and not kind.endswith(_COMPUTED)
    return LiveItem(name, kind, shown.get("description") or "", disabled, is_folder)
