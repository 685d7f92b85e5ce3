"""Mail: the short publisher and the extended one."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.parts import (
    lower,
    lowered,
    maybe,
    negated,
    option,
    put,
    reads,
    required,
    text,
    written,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import is_since, since

EMAIL_EXT = "hudson.plugins.emailext.plugins."
# Option, whether it is on when nothing is said, class of the trigger; in the order of elements.
TRIGGERS = (
    ("always", False, "AlwaysTrigger"),
    ("unstable", False, "UnstableTrigger"),
    ("first-failure", False, "FirstFailureTrigger"),
    ("first-unstable", False, "FirstUnstableTrigger"),
    ("not-built", False, "NotBuiltTrigger"),
    ("aborted", False, "AbortedTrigger"),
    ("regression", False, "RegressionTrigger"),
    ("failure", True, "FailureTrigger"),
    ("second-failure", False, "SecondFailureTrigger"),
    ("improvement", False, "ImprovementTrigger"),
    ("still-failing", False, "StillFailingTrigger"),
    ("success", False, "SuccessTrigger"),
    ("fixed", False, "FixedTrigger"),
    ("fixed-unhealthy", False, "FixedUnhealthyTrigger"),
    ("still-unstable", False, "StillUnstableTrigger"),
    ("pre-build", False, "PreBuildTrigger"),
    ("trigger-script", False, "ScriptTrigger"),
)

PROVIDERS = {
    "developers": "DevelopersRecipientProvider",
    "requester": "RequesterRecipientProvider",
    "culprits": "CulpritsRecipientProvider",
    "recipients": "ListRecipientProvider",
    "failing-test-suspects-recipients": "FailingTestSuspectsRecipientProvider",
    "first-failing-build-suspects-recipients": "FirstFailingBuildSuspectsRecipientProvider",
}

UPSTREAM = "upstream-committers"  # stands last, wherever it is named
COUNTED = ("FirstFailureTrigger", "SecondFailureTrigger")

OLD_RECIPIENTS = (
    ("developers", "sendToDevelopers"),
    ("requester", "sendToRequester"),
    ("culprits", "includeCulprits"),
    ("recipients", "sendToRecipientList"),
)

OLD_NOBODY = (
    ("sendToRequester", "false"),
    ("sendToDevelopers", "false"),
    ("includeCulprits", "false"),
    ("sendToRecipientList", "true"),
)

ATTACHED = (
    option("attachments", "", "attachmentsPattern"),
    option("attach-build-log", False),
    option("compress-log", False, "compressBuildLog"),
)


def add_recipients(trigger: Element, email: Element, data: Any, kind: str) -> None:
    """Whom the plugin writes to, since 2.39: a provider of addresses for each."""
    if "send-to" not in data:
        names = ["ListRecipientProvider"]
    else:
        told_to = data["send-to"]
        names = [PROVIDERS[name] for name in told_to if name in list(PROVIDERS)]
        if UPSTREAM in told_to:
            names.append("UpstreamComitterRecipientProvider")
        if kind in COUNTED:
            SubElement(trigger, "failureCount").text = "0"
    if names:
        providers = SubElement(email, "recipientProviders")
        for name in names:
            SubElement(providers, f"{EMAIL_EXT}recipients.{name}").text = ""


def add_old_recipients(email: Element, data: Any) -> None:
    """Whom the plugin wrote to before 2.39: four flags."""
    if "send-to" in data:
        for name, tag in OLD_RECIPIENTS:
            SubElement(email, tag).text = lowered(name in data["send-to"])
    else:
        for tag, value in OLD_NOBODY:
            SubElement(email, tag).text = value


def add_trigger(parent: Element, data: Any, kind: str, newer: bool, ctx: Context) -> None:
    """One occasion to write, and to whom."""
    trigger = SubElement(parent, f"{EMAIL_EXT}trigger.{kind}")
    email = SubElement(trigger, "email")
    if not newer:
        SubElement(email, "recipientList").text = ""
    SubElement(email, "subject").text = "$PROJECT_DEFAULT_SUBJECT"
    SubElement(email, "body").text = "$PROJECT_DEFAULT_CONTENT"
    if newer:
        SubElement(email, "replyTo").text = "$PROJECT_DEFAULT_REPLYTO"
        SubElement(email, "contentType").text = "project"
        add_recipients(trigger, email, data, kind)
    else:
        add_old_recipients(email, data)
    if kind == "ScriptTrigger":
        put(trigger, "triggerScript", data["trigger-script"], ctx)
    if newer:
        for part in ATTACHED:
            part(email, data, ctx)


@reads(" ".join(name for name, _, _ in TRIGGERS) + " send-to")
def triggers_of(parent: Element, data: Any, ctx: Context) -> None:
    """The occasions that are on."""
    newer = is_since(ctx, "2.39", "email-ext")
    configured = SubElement(parent, "configuredTriggers")
    for name, default, kind in TRIGGERS:
        if data.get(name, default):
            add_trigger(configured, data, kind, newer, ctx)


publisher(
    "email-ext",
    "hudson.plugins.emailext.ExtendedEmailPublisher",
    text("recipients", "$DEFAULT_RECIPIENTS", "recipientList"),
    triggers_of,
    option(
        "content-type",
        "default",
        choices={
            "text": "text/plain",
            "html": "text/html",
            "default": "default",
            "both-html-text": "both",
        },
    ),
    option("subject", "$DEFAULT_SUBJECT", "defaultSubject"),
    option("body", "$DEFAULT_CONTENT", "defaultContent"),
    option("attachments", "", "attachmentsPattern"),
    option("presend-script", ""),
    option("postsend-script", ""),
    option("attach-build-log", False),
    option("compress-log", False, "compressBuildLog"),
    option("save-output", False),
    option("disable-publisher", False, "disabled"),
    option("reply-to", "$DEFAULT_REPLYTO"),
    since("email-ext", "2.39", (option("from", ""),)),
    maybe(
        "matrix-trigger",
        tag="matrixTriggerMode",
        choices={
            "both": "BOTH",
            "only-configurations": "ONLY_CONFIGURATIONS",
            "only-parent": "ONLY_PARENT",
        },
    ),
)

publisher(
    "email",
    "hudson.tasks.Mailer",
    required("recipients"),
    written("notify-every-unstable-build", True, negated, "dontNotifyEveryUnstableBuild"),
    lower("send-to-individuals", False),
    plugin="mailer",
)
