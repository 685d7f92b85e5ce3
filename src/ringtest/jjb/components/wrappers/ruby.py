"""Wrappers whose plugins are written in Ruby, and are configured as Ruby's objects."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import wrapper
from ringtest.jjb.components.parts import lowered, maybe, put, reads
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import is_since, node


def ruby_object(plugin: str, proxy: str, *parts: Render) -> Render:
    """The proxy of an object of Ruby."""
    return node(
        "ruby-proxy-object",
        node("ruby-object", *parts, pluginid=plugin, ruby_class=proxy),
    )


def plugin_id(plugin: str) -> Render:
    """The plugin's name as text of Ruby."""

    def add(parent: Element, data: Any, ctx: Context) -> None:
        words = {"pluginid": plugin, "ruby-class": "String"}
        SubElement(parent, "pluginid", words).text = plugin

    return add


PROXY = "Jenkins::Tasks::BuildWrapperProxy"
OLD_PROXY = "Jenkins::Plugin::Proxies::BuildWrapper"

wrapper.made_of(
    "ci-skip",
    ruby_object(
        "ci-skip",
        PROXY,
        plugin_id("ci-skip"),
        node(
            "object",
            node("ci__skip", pluginid="ci-skip", ruby_class="NilClass"),
            pluginid="ci-skip",
            ruby_class="CiSkipWrapper",
        ),
    ),
)


@reads("ignored")
def ignored_paths(parent: Element, data: Any, ctx: Context) -> None:
    """Paths whose changes build nothing."""
    element = put(parent, "ignored__paths", data.get("ignored", ""), ctx)
    element.set("pluginid", "pathignore")
    element.set("ruby-class", "String")


wrapper.made_of(
    "pathignore",
    ruby_object(
        "pathignore",
        OLD_PROXY,
        plugin_id("pathignore"),
        node(
            "object",
            ignored_paths,
            node("invert__ignore", ruby_class="FalseClass", pluginid="pathignore"),
            ruby_class="PathignoreWrapper",
            pluginid="pathignore",
        ),
    ),
)


@wrapper.written("rvm-env")
@reads("implementation")
def rvm_env(parent: Element, data: Any, ctx: Context) -> None:
    """A Ruby of RVM."""
    proxy = PROXY if is_since(ctx, "0.5", "RVM Plugin") else OLD_PROXY
    outer = SubElement(parent, "ruby-proxy-object")
    ruby = SubElement(outer, "ruby-object", {"ruby-class": proxy, "pluginid": "rvm"})
    made = SubElement(ruby, "object", {"ruby-class": "RvmWrapper", "pluginid": "rvm"})
    implementation = put(made, "impl", data["implementation"], ctx)
    implementation.set("pluginid", "rvm")
    implementation.set("ruby-class", "String")
    plugin_id("rvm")(ruby, data, ctx)


RBENV = (
    maybe("preinstall-gem-list", "bundler,rake", "gem__list"),
    maybe("rbenv-root", "$HOME/.rbenv", "rbenv__root"),
    maybe("rbenv-repo", "https://github.com/rbenv/rbenv", "rbenv__repository"),
    maybe("rbenv-branch", "master", "rbenv__revision"),
    maybe(
        "ruby-build-repo",
        "https://github.com/rbenv/ruby-build",
        "ruby__build__repository",
    ),
    maybe("ruby-build-branch", "master", "ruby__build__revision"),
    maybe("ruby-version", "1.9.3-p484", "version"),
)


@reads(" ".join(part.name for part in RBENV) + " ignore-local-version")
def rbenv_options(parent: Element, data: Any, ctx: Context) -> None:
    """The options, each a text of Ruby."""
    for part in RBENV:
        part(parent, data, ctx)
    for element in parent:
        element.set("pluginid", "rbenv")
        element.set("ruby-class", "String")
    ignored = lowered(data.get("ignore-local-version")) == "true"
    words = {
        "pluginid": "rbenv",
        "ruby-class": "TrueClass" if ignored else "FalseClass",
    }
    SubElement(parent, "ignore__local__version", words)


wrapper.made_of(
    "rbenv",
    ruby_object(
        "rbenv",
        PROXY,
        plugin_id("rbenv"),
        node("object", rbenv_options, pluginid="rbenv", ruby_class="RbenvWrapper"),
    ),
)
