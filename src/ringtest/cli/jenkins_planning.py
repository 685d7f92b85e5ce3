"""`ringtest jenkins plan`, `apply`, `update` and `delete`: what they do when they are used."""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ringtest.cli.calls import end
from ringtest.cli.config import UsageError
from ringtest.cli.exits import EXIT_CHANGES, EXIT_MOVED, EXIT_REFUSED
from ringtest.cli.jenkins_desired import kinds_chosen, names_of, render, tell
from ringtest.cli.jenkins_options import Asked, Where
from ringtest.cli.jenkins_site import controller
from ringtest.cli.output import Format, console
from ringtest.client.jenkins import Controller
from ringtest.jjb.planning import marks, planfile
from ringtest.jjb.planning.applier import Outcome, WorldMoved, apply, check
from ringtest.jjb.planning.audit import Audit
from ringtest.jjb.planning.model import Action, Choices, Verb
from ringtest.jjb.planning.planner import Plan, make_plan, plan_deletion

_SIGNS = {
    Verb.CREATE: ("+", "green"),
    Verb.UPDATE: ("~", "yellow"),
    Verb.ADOPT: ("=", "cyan"),
    Verb.DELETE: ("-", "red"),
    Verb.BLOCKED: ("!", "magenta"),
    Verb.KEEP: (" ", ""),
}
_LINES = 12
"""Of a change that is shown without --diff."""
_ALIKE = 20
"""How many that are alike are named without --diff."""


def plan(asked: Asked, *, out: Path | None, form: Format, diff: bool, exit_code: bool) -> None:
    """Make and show a plan, or show one that a file holds; write it to a file."""
    if asked.paths and planfile.looks_like_plan(Path(asked.paths[0])):
        _show(_read(Path(asked.paths[0])), form, diff=diff)
        return
    with controller(asked.where) as found:
        made = _made(asked, found)
    if out is not None:
        planfile.write(made, out)
    _show(made, form, diff=diff)
    if exit_code and made.writes:
        raise typer.Exit(EXIT_CHANGES)


def apply_words(asked: Asked, *, yes: bool, audit: Path | None, form: Format, diff: bool) -> None:
    """Apply a plan's file, or plan and apply."""
    first = Path(asked.paths[0]) if asked.paths else None
    if first is not None and planfile.looks_like_plan(first):
        apply_file(asked, first, yes=yes, audit=audit, form=form, diff=diff)
        return
    with controller(asked.where) as found:
        made = _made(asked, found)
        _show(made, form, diff=diff)
        _carry_out(found, made, asked, yes=yes, audit=audit, form=form, done_before=set())


def apply_file(
    asked: Asked, path: Path, *, yes: bool, audit: Path | None, form: Format, diff: bool
) -> None:
    """Apply a reviewed plan. With job files beside it these must still give the same."""
    with controller(asked.where) as found:
        made = _read(path)
        if made.url != found.url:
            end(f"{path} was made for {made.url}, this is {found.url}", EXIT_REFUSED)
        if len(asked.paths) > 1 or asked.matrix:
            _same_wish(asked, made, found)
        try:
            done = check(found, made, workers=asked.workers)
        except WorldMoved as error:
            end(f"{error}. Nothing was done: plan again", EXIT_MOVED)
        made.requests = found.requests
        _show(made, form, diff=diff)
        _carry_out(found, made, asked, yes=yes, audit=audit, form=form, done_before=done)


def _read(path: Path) -> Plan:
    try:
        return planfile.read(path)
    except planfile.BadPlan as error:
        end(str(error), EXIT_REFUSED)


def delete(
    where: Where,
    names: Sequence[str],
    *,
    unmanaged: bool,
    yes: bool,
    audit: Path | None,
    workers: int,
) -> None:
    """Delete jobs and views by name or pattern."""
    with controller(where) as found:
        made = plan_deletion(found, names, unmanaged=unmanaged)
        asked = Asked(where, [], [], workers=workers)
        _show(made, Format.TABLE, diff=False)
        _carry_out(found, made, asked, yes=yes, audit=audit, form=Format.TABLE, done_before=set())


def _made(asked: Asked, found: Controller) -> Plan:
    asked = kinds_chosen(asked)
    choices = Choices(**(asked.choices or {}))
    if not marks.SET_NAME.fullmatch(choices.set_name):
        raise UsageError("a set's name has letters, digits, '.', '_' and '-'")
    deleting = choices.delete or choices.delete_builders
    if deleting and names_of(asked.paths):
        raise UsageError("--delete needs all jobs: name none")
    desired, problems = render(asked, found)
    if tell(problems):
        end("nothing was planned: see the errors above", EXIT_REFUSED)
    with _progress("reading") as shown:
        task = shown.add_task("reading", total=None, visible=False)

        def step(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total, visible=True)

        made = make_plan(found, desired, choices, workers=asked.workers, step=step)
    if asked.jobs_only or asked.views_only:
        made.actions = [each for each in made.actions if _is_asked(each, asked)]
    made.requests = found.requests  # the list of plugins is one
    return made


def _is_asked(action: Action, asked: Asked) -> bool:
    return action.kind == ("view" if asked.views_only else "job")


def _same_wish(asked: Asked, made: Plan, found: Controller) -> None:
    """End unless the job files still give what the plan says."""
    rest = Asked(asked.where, asked.paths[1:], asked.matrix, asked.recursive, asked.exclude)
    desired, problems = render(rest, found)
    if tell(problems):
        end("the job files have errors: see above", EXIT_REFUSED)
    wanted = {(each.kind, each.name): each.digest for each in desired}
    moved = [
        each.name
        for each in made.writes
        if wanted.get((each.kind, each.name))
        != (None if each.verb is Verb.DELETE else each.desired)
    ]
    if moved:
        names = ", ".join(moved[:10])
        end(f"the job files say something else by now of {names}: plan again", EXIT_MOVED)


def _carry_out(
    found: Controller,
    made: Plan,
    asked: Asked,
    *,
    yes: bool,
    audit: Path | None,
    form: Format,
    done_before: set[str],
) -> None:
    blocked = made.of(Verb.BLOCKED)
    left = len(made.writes) - len(done_before)
    if left and not yes:
        _confirm(left, found.url)
    user = found.exchange.site.user
    total = len(made.writes)
    with _progress("writing") as shown, Audit(audit or audit_file(), user=user) as kept:
        task = shown.add_task("writing", total=total)

        def told(outcome: Outcome) -> None:
            shown.advance(task)

        outcomes = apply(
            found, made, done_before=done_before, audit=kept, workers=asked.workers, told=told
        )
    failed = [each for each in outcomes if each.result == "failed"]
    for each in failed:
        print(f"ringtest: {each.action.kind} {each.action.name}: {each.message}", file=sys.stderr)
    done = sum(each.result == "done" for each in outcomes)
    if form is Format.TABLE:
        already = f", {len(outcomes) - done - len(failed)} done before" if done_before else ""
        console().print(f"{done} written, {len(failed)} failed{already}")
    if failed or blocked:
        raise typer.Exit(EXIT_REFUSED)


def _confirm(number: int, url: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody to ask here: add --yes")
    if not typer.confirm(f"Write {number} to {url}?", err=True):
        end("nothing was done", EXIT_REFUSED)


def audit_file() -> Path:
    """Where lines of changes go when no file is named: in the user's state folder."""
    state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(state) / "ringtest" / "jenkins-audit.jsonl"


def _progress(what: str) -> Progress:
    """On a terminal only, on stderr, gone when it is over."""
    screen = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)


def _show(made: Plan, form: Format, *, diff: bool) -> None:
    if form is not Format.TABLE:
        sys.stdout.write(planfile.encode(made).decode() + "\n")
        return
    screen = console()
    listed: Counter[Verb] = Counter()
    for action in made.actions:
        plain = not action.changes and action.verb in (Verb.CREATE, Verb.ADOPT)
        listed[action.verb] += plain
        if plain and not diff and listed[action.verb] > _ALIKE:
            continue
        if action.verb is not Verb.KEEP or action.drift:
            _show_action(screen, action, diff=diff)
    for verb, number in listed.items():
        if number > _ALIKE and not diff:
            screen.print(f"… {number - _ALIKE} more to {verb.value}: --diff shows all")
    counts = made.counts()
    words = ", ".join(f"{number} {verb}" for verb, number in counts.items() if number)
    drift = sum(action.drift for action in made.actions)
    by_hand = f", {drift} changed by hand" if drift else ""
    asked = (
        f" ({made.requests} request{'' if made.requests == 1 else 's'})" if made.requests else ""
    )
    screen.print(f"{words or 'nothing wanted'}{by_hand}{asked}")


def _show_action(screen: Console, action: Action, *, diff: bool) -> None:
    sign, colour = _SIGNS[action.verb]
    reason = f"  {action.reason}" if action.reason else ""
    head = f"{sign} {action.verb.value} {action.kind} {action.name}"
    screen.print(Text.assemble((head, colour), (reason, "dim")), soft_wrap=True)
    lines = [line for change in action.changes for line in change.lines()]
    for line in lines if diff else lines[:_LINES]:
        style = {"+": "green", "-": "red"}.get(line[:1], "")
        screen.print(Text(f"    {line}", style), soft_wrap=True)
    if not diff and len(lines) > _LINES:
        screen.print(f"    … {len(lines) - _LINES} more lines: --diff shows all")
