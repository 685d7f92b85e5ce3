"""Files sent by SSH, CIFS or FTP (the plugins publish-over-…)."""

from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from ringtest.jjb.components.parts import constant, lower, reads, string, text
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import node, present


class Protocol(NamedTuple):
    """The names that tell the plugins apart."""

    prefix: str
    publisher: str
    builder: str
    site: str
    transfer: str
    retry: str
    reference: str


def over(plugin: str, name: str, title: str) -> Protocol:
    """The names of one plugin: `ssh`, `BapSsh`, `SSH`."""
    escaped = f"jenkins.plugins.publish__over__{plugin}.{name}"
    plain = f"jenkins.plugins.publish_over_{plugin}.{name}"
    return Protocol(
        prefix=f"{title}: ",
        publisher=f"{escaped}PublisherPlugin",
        builder=f"{escaped}BuilderPlugin",
        site=f"{escaped}Publisher",
        transfer=f"{escaped}Transfer",
        retry=f"{plain}Retry",
        reference=f"{plain}PublisherPlugin",
    )


SSH = over("ssh", "BapSsh", "SSH")
CIFS = over("cifs", "Cifs", "CIFS")
FTP = over("ftp", "BapFtp", "FTP")

TRANSFER = (
    text("target", tag="remoteDirectory"),
    text("source", tag="sourceFiles"),
    text("excludes", ""),
    text("remove-prefix", ""),
    lower("target-is-date-format", False, "remoteDirectorySDF"),
    lower("flatten", False),
    lower("clean-remote", False),
    present("command", text("command", tag="execCommand")),
    present("timeout", string("timeout", tag="execTimeout")),
    present("use-pty", lower("use-pty")),
)

RETRY = (string("retries", 0), string("retry-delay", 10000))


def sending(names: Protocol, *more: Render) -> tuple[Render, ...]:
    """What a plugin is told: the site, what to send, and how to fail."""
    return (
        constant("consolePrefix", names.prefix),
        node(
            "delegate",
            node(
                "publishers",
                node(
                    names.site,
                    text("site", tag="configName"),
                    lower("verbose", False),
                    node("transfers", node(names.transfer, *TRANSFER, *more)),
                    constant("useWorkspaceInPromotion", "false"),
                    constant("usePromotionTimestamp", "false"),
                    present("retries", node("retry", *RETRY, class_=names.retry)),
                ),
            ),
            constant("continueOnError", "false"),
            lower("fail-on-error", False),
            lower("always-publish-from-master", False),
            node("hostConfigurationAccess", class_=names.reference, reference="../.."),
        ),
    )


SENDING_READS = (
    "site target source excludes remove-prefix target-is-date-format flatten clean-remote command"
    " timeout use-pty retries retry-delay verbose fail-on-error always-publish-from-master"
)


def publish_over(names: Protocol, *more: Render) -> Render:
    """The element of a publisher, and what it is in a list of builders."""
    as_publisher = node(names.publisher, *sending(names, *more))
    as_builder = node(names.builder, node("delegate", *sending(names, *more)))

    @reads(SENDING_READS)
    def add(parent: Element, data: Any, ctx: Context) -> None:
        (as_publisher if parent.tag == "publishers" else as_builder)(parent, data, ctx)

    return add
