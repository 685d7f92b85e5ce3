"""Case files of libvirt-test-API: steps with their options, from templates. Pure.

A step is a line `module:name`; its options are indented by four, their values by eight. More
than one value makes a step of each combination. What else stands there belongs to the step before,
such as `clean`.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

MOST_STEPS = 10_000
"""That one step may become by its values."""
_STEP = re.compile(r"[\w.]+:[\w.]+")
_PLACE = re.compile(r"\{\{ *([\w.-]+) *\}\}")


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step: what the program calls it, what tells it from others of that name in its file
    (empty: there are none), and its lines."""

    name: str
    variant: str
    text: str


def fill(template: str, values: Mapping[str, object]) -> str:
    """The text with its places filled. ValueError names the line of one that nothing fills.

    >>> fill("domain:start\\n    guestname\\n        {{ guest }}\\n", {"guest": "f41"})
    'domain:start\\n    guestname\\n        f41\\n'
    """
    lines = []
    for number, line in enumerate(template.splitlines(), start=1):
        for place in _PLACE.findall(line):
            if place not in values:
                raise ValueError(f"line {number}: nothing says what {place} is")
        lines.append(_PLACE.sub(lambda found: str(values[found[1]]), line))
    return "".join(f"{line}\n" for line in lines)


def read_steps(text: str) -> list[CaseStep]:
    """The steps of a case file, in order; ValueError names the line that is none.

    >>> text = "domain:start\\n    guest\\n        a\\n        b\\ndomain:start\\n"
    >>> [step.name + step.variant for step in read_steps(text)]
    ['domain:start[guest=a]', 'domain:start[guest=b]', 'domain:start']
    """
    steps: list[CaseStep] = []
    seen: dict[str, int] = {}
    for name, lines in _parts(text):
        for variant, body in _combinations(name, lines):
            full = name + variant
            seen[full] = seen.get(full, 0) + 1
            again = f"#{seen[full]}" if seen[full] > 1 else ""
            steps.append(CaseStep(name, variant + again, body))
    return steps


def _parts(text: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Names and numbered lines of the steps as they stand there."""
    name = ""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if _STEP.fullmatch(line.rstrip()):
            if name:
                yield name, lines
            name, lines = line.rstrip(), []
        elif name:
            lines.append((number, line.rstrip()))
        else:
            raise ValueError(f"line {number}: a step such as domain:start comes first")
    if name:
        yield name, lines


def _combinations(name: str, lines: Sequence[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Variants of a step and their text."""
    options: list[tuple[str, list[str]]] = []
    rest: list[str] = []
    for number, line in lines:
        indent = len(line) - len(line.lstrip())
        if indent == 8 and options and not rest:
            options[-1][1].append(line.strip())
        elif indent == 4 and not rest:
            options.append((line.strip(), []))
        elif indent == 0:
            rest.append(line)
        else:
            raise ValueError(f"line {number}: options are indented by four, their values by eight")
    size = 1
    for _, values in options:
        size *= max(1, len(values))
    if size > MOST_STEPS:
        raise ValueError(f"{name}: its values make {size} steps; at most {MOST_STEPS}")
    for chosen in itertools.product(*(values or [""] for _, values in options)):
        told = [
            f"{option}={value}"
            for (option, values), value in zip(options, chosen, strict=True)
            if len(values) > 1
        ]
        body = [name]
        for (option, _), value in zip(options, chosen, strict=True):
            body += [f"    {option}", *([f"        {value}"] if value else [])]
        yield f"[{','.join(told)}]" if told else "", "\n".join([*body, *rest]) + "\n"
