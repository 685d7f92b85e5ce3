"""What sources of branches share: filters, references, pull requests of forks."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.parts import item, option, put, reads, text
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, given, node, variant, within

GIT = "jenkins.plugins.git.traits."
FILTERED = "net.gleske.scmfilter.impl.trait."

REFSPECS = node(
    f"{GIT}RefSpecsSCMSourceTrait",
    node(
        "templates",
        each("refspecs", node(f"{GIT}RefSpecsSCMSourceTrait_-RefSpecTemplate", item("value"))),
    ),
    plugin="git",
)
HEAD_REGEX = given(
    "head-filter-regex",
    node("jenkins.scm.impl.trait.RegexSCMHeadFilterTrait", text("head-filter-regex", tag="regex")),
)
WILDCARDS = given(
    "filter-by-name-wildcard",
    node(
        "jenkins.scm.impl.trait.WildcardSCMHeadFilterTrait",
        within("filter-by-name-wildcard", option("includes", ""), option("excludes", "")),
        plugin="scm-api",
    ),
)

_PATTERNS = (option("branch-regexp", ".*", "regex"), option("tag-regexp", "(?!.*)", "tagRegex"))
_GLOBS = (
    option("branch-includes", "*", "includes"),
    option("branch-excludes", "", "excludes"),
    option("tag-includes", ""),
    option("tag-excludes", "*"),
)


def _filter(name: str, kind: str, parts: tuple[Render, ...]) -> Render:
    """Branches by their names, and pull requests by those that they come from or go to."""
    tag = f"{FILTERED}{kind}FilterTrait"
    return given(name, node(tag, within(name, *parts), plugin="scm-filter-branch-pr"))


PULL_REQUESTS = given(
    "head-pr-filter-behaviors",
    within(
        "head-pr-filter-behaviors",
        _filter("head-pr-destined-regex", "RegexSCMHead", _PATTERNS),
        _filter("head-pr-destined-wildcard", "WildcardSCMHead", _GLOBS),
        _filter("head-pr-originated-regex", "RegexSCMOrigin", _PATTERNS),
        _filter("head-pr-originated-wildcard", "WildcardSCMOrigin", _GLOBS),
    ),
)

WHICH = {"merge-current": "1", "current": "2", "both": "3"}
TRUSTED = ("contributors", "everyone", "permission", "nobody")


def forks(tags: str, classes: str, default: str | None) -> Render:
    """Pull requests from forks. tags, classes: what stands before the names of the plugin's."""
    trait = "ForkPullRequestDiscoveryTrait"
    trusted = {name: f"{classes}{trait}$Trust{name.capitalize()}" for name in TRUSTED}
    return given(
        "discover-pr-forks-strategy",
        node(
            f"{tags}{trait}",
            option("discover-pr-forks-strategy", "merge-current", "strategyId", WHICH),
            variant("trust", "discover-pr-forks-trust", "contributors", trusted),
        ),
        default=default,
    )


def over_ssh(name: str, tag: str) -> Render:
    """Another checkout than the one that scans; true alone means the agent's own key."""

    @reads(f"{name}.credentials")
    def add(parent: Element, data: Any, ctx: Context) -> None:
        element = SubElement(parent, tag)
        if data[name] is not True:
            _CREDENTIALS(element, data[name], ctx)

    return given(name, add)


_CREDENTIALS = option("credentials", "", "credentialsId")


def identity(prefix: str, *names: str) -> Render:
    """What Jenkins knows the source by, made of some of its options."""

    def add(parent: Element, data: Any, ctx: Context) -> None:
        put(parent, "id", "-".join([prefix, *(data.get(name, "") for name in names)]), ctx)

    return add


__all__ = [
    "GIT",
    "HEAD_REGEX",
    "PULL_REQUESTS",
    "REFSPECS",
    "WHICH",
    "WILDCARDS",
    "forks",
    "identity",
    "over_ssh",
]
