"""Sources in Git."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.git_extensions import extensions
from ringtest.jjb.components.kinds import scm
from ringtest.jjb.components.parts import (
    constant,
    item,
    lowered,
    only_text,
    put,
    reads,
    string,
    text,
    written,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import absent, choose, each, node


@reads("remotes name url refspec credentials-id")
def remotes(parent: Element, data: Any, ctx: Context) -> None:
    """The remotes: a list of them, or the one that stands in the options themselves."""
    element = SubElement(parent, "userRemoteConfigs")
    named = data["remotes"] if "remotes" in data else [{data.get("name", "origin"): data}]
    for remote in named:
        name, options = next(iter(remote.items()))
        one = SubElement(element, "hudson.plugins.git.UserRemoteConfig")
        put(one, "name", name, ctx)
        put(
            one,
            "refspec",
            options.get("refspec", f"+refs/heads/*:refs/remotes/{name}/*"),
            ctx,
        )
        if "url" not in options:
            ctx.fail(f"'url' is required for the remote '{name}'")
        put(one, "url", options["url"], ctx)
        if "credentials-id" in options:
            put(one, "credentialsId", options["credentials-id"], ctx)


def said(name: str, default: str | bool, tag: str | None = None) -> Render:
    """Text as it is, booleans in lower case."""
    return written(name, default, text_or_flag, tag)


def text_or_flag(value: object) -> str:
    """As the options of Git are written."""
    if isinstance(value, bool):
        return lowered(value)
    return only_text(value)


BROWSER = "hudson.plugins.git.browser."
ADDRESS = text("browser-url", tag="url")

BROWSERS = {
    "assemblaweb": "AssemblaWeb",
    "bitbucketweb": "BitbucketWeb",
    "cgit": "CGit",
    "fisheye": "FisheyeGitRepositoryBrowser",
    "gitblit": "GitBlitRepositoryBrowser",
    "githubweb": "GithubWeb",
    "gitiles": "Gitiles",
    "gitlab": "GitLab",
    "gitlist": "GitList",
    "gitoriousweb": "GitoriousWeb",
    "gitweb": "GitWeb",
    "kiln": "KilnGit",
    "microsoft-tfs-2013": "TFS2013GitRepositoryBrowser",
    "phabricator": "Phabricator",
    "redmineweb": "RedmineWeb",
    "rhodecode": "RhodeCode",
    "stash": "Stash",
    "viewgit": "ViewGitWeb",
}

PROJECT_NAME = string("project-name", "")

MORE_OF_BROWSERS: dict[str, tuple[Render, ...]] = {
    "gitblit": (PROJECT_NAME,),
    "viewgit": (PROJECT_NAME,),
    "gitlab": (string("browser-version", "0.0", "version"),),
    "phabricator": (string("repo-name", "", "repo"),),
}

scm(
    "git",
    "scm",
    constant("configVersion", "2"),
    remotes,
    node(
        "branches",
        each(
            "branches",
            node("hudson.plugins.git.BranchSpec", item("name")),
            default=("**",),
        ),
    ),
    absent(
        "submodule",
        said("disable-submodules", False),
        said("recursive-submodules", False),
    ),
    constant("doGenerateSubmoduleConfigurations", "false"),
    said("fastpoll", False, "remotePoll"),
    said("git-tool", "Default"),
    node("submoduleCfg", class_="list"),
    said("reference-repo", "", "reference"),
    said("git-config-name", ""),
    said("git-config-email", ""),
    node("extensions", extensions),
    choose(
        "browser",
        "auto",
        {
            "auto": (),
            **{
                name: (
                    node(
                        "browser",
                        ADDRESS,
                        *MORE_OF_BROWSERS.get(name, ()),
                        class_=f"{BROWSER}{kind}",
                    ),
                )
                for name, kind in BROWSERS.items()
            },
        },
    ),
    class_="hudson.plugins.git.GitSCM",
)
