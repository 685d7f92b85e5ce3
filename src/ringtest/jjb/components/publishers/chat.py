"""Publishers that tell people in chats, by lamps and by sounds."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.messages import MESSAGE
from ringtest.jjb.components.parts import (
    camel,
    constant,
    item,
    joined,
    lowered,
    maybe,
    only_text,
    option,
    put,
    reads,
    required,
    string,
    text,
    truth,
    written,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.results import RESULTS, add_result, result_named
from ringtest.jjb.components.shapes import each, node, present, refuse, since, told, variant

DEFAULT_RESULTS = ("not_build", "success", "aborted", "failure", "unstable")
SOUNDS = "net.hurstfrost.hudson.sounds.HudsonSoundsNotifier"


@publisher.written("sounds")
@reads("success unstable failure not_build aborted")
def sounds(parent: Element, data: Any, ctx: Context) -> None:
    """A sound for each change of results."""
    events = SubElement(SubElement(parent, SOUNDS), "soundEvents")
    for name, told_of in data.items():
        to = result_named(name.upper() if name.islower() else "", name, ctx)
        event = SubElement(events, f"{SOUNDS}_-SoundEvent")
        put(event, "soundId", told_of["sound"], ctx)
        add_result(event, "toResult", to, to.complete)
        sources = SubElement(event, "fromResults")
        for source in told_of.get("from", DEFAULT_RESULTS):
            result = RESULTS[source.upper()]
            add_result(sources, "hudson.model.Result", result, result.complete)


def messenger(target: str, option_name: str, tag: str) -> Render:
    """Those whom an instant message goes to."""
    more = (constant("notificationOnly", "false"),) if tag == "name" else ()
    return present(
        option_name,
        each(option_name, node(target, item(tag), *more, plugin="instant-messaging")),
    )


MESSAGE_KINDS = "hudson.plugins.im.build_notify."

publisher(
    "jabber",
    "hudson.plugins.jabber.im.transport.JabberPublisher",
    node(
        "targets",
        messenger("hudson.plugins.im.GroupChatIMMessageTarget", "group-targets", "name"),
        messenger("hudson.plugins.im.DefaultIMMessageTarget", "individual-targets", "value"),
    ),
    option(
        "strategy",
        "all",
        choices={
            "all": "ALL",
            "failure": "ANY_FAILURE",
            "failure-fixed": "FAILURE_AND_FIXED",
            "new-failure-fixed": "NEW_FAILURE_AND_FIXED",
            "change": "STATECHANGE_ONLY",
        },
    ),
    option("notify-on-build-start", False),
    option("notify-scm-committers", False, "notifySuspects"),
    option("notify-scm-culprits", False, "notifyCulprits"),
    option("notify-scm-fixers", False, "notifyFixers"),
    option("notify-upstream-committers", False),
    variant(
        "buildToChatNotifier",
        "message",
        "summary-scm",
        {
            "summary-scm": f"{MESSAGE_KINDS}DefaultBuildToChatNotifier",
            "summary": f"{MESSAGE_KINDS}SummaryOnlyBuildToChatNotifier",
            "summary-build": f"{MESSAGE_KINDS}BuildParametersBuildToChatNotifier",
            "summary-scm-fail": f"{MESSAGE_KINDS}PrintFailingTestsBuildToChatNotifier",
        },
    ),
    constant("matrixMultiplier", "ONLY_CONFIGURATIONS"),
    plugin="jabber",
)

publisher(
    "ircbot",
    "hudson.plugins.ircbot.IrcPublisher",
    variant(
        "buildToChatNotifier",
        "message-type",
        "summary-scm",
        {
            "summary-scm": f"{MESSAGE_KINDS}DefaultBuildToChatNotifier",
            "summary": f"{MESSAGE_KINDS}SummaryOnlyBuildToChatNotifier",
            "summary-params": f"{MESSAGE_KINDS}BuildParametersBuildToChatNotifier",
            "summary-scm-fail": f"{MESSAGE_KINDS}PrintFailingTestsBuildToChatNotifier",
        },
    ),
    node(
        "targets",
        each(
            "channels",
            node(
                "hudson.plugins.im.GroupChatIMMessageTarget",
                option("name", ""),
                option("password", ""),
                option("notify-only", False, "notificationOnly"),
            ),
        ),
    ),
    option(
        "strategy",
        "all",
        choices={
            "all": "ALL",
            "any-failure": "ANY_FAILURE",
            "failure-and-fixed": "FAILURE_AND_FIXED",
            "new-failure-and-fixed": "NEW_FAILURE_AND_FIXED",
            "statechange-only": "STATECHANGE_ONLY",
        },
    ),
    option("notify-start", False, "notifyOnBuildStart"),
    option("notify-committers", False, "notifySuspects"),
    option("notify-culprits", False),
    option("notify-fixers", False),
    option("notify-upstream", False, "notifyUpstreamCommitters"),
    option(
        "matrix-notifier",
        "only-configurations",
        "matrixMultiplier",
        {
            "all": "ALL",
            "only-configurations": "ONLY_CONFIGURATIONS",
            "only-parent": "ONLY_PARENT",
        },
    ),
    plugin="ircbot",
)

ATTACHMENT = node(
    "jenkins.plugins.rocketchatnotifier.model.MessageAttachment",
    required("title"),
    maybe("title-link"),
    maybe("title-link-download"),
    maybe("color"),
    maybe("text"),
    maybe("collapsed"),
    maybe("message-link"),
    maybe("author-name"),
    maybe("author-link"),
    maybe("author-icon"),
    maybe("thumb", tag="thumbUrl"),
    maybe("image", tag="imageUrl"),
    maybe("audio", tag="audioUrl"),
    maybe("video", tag="videoUrl"),
)

publisher(
    "rocket",
    "jenkins.plugins.rocketchatnotifier.RocketChatNotifier",
    maybe("trust-ssl", tag="trustSSL"),
    maybe("build-server", tag="buildServerUrl"),
    option("channel", ""),
    option("start", False, "startNotification"),
    option("success", False, "notifySuccess"),
    option("abort", False, "notifyAborted"),
    option("not-built", False, "notifyNotBuilt"),
    option("unstable", False, "notifyUnstable"),
    option("failure", False, "notifyFailure"),
    option("back-to-normal", False, "notifyBackToNormal"),
    option("repeated-failure", False, "notifyRepeatedFailure"),
    option("include-test-summary", False),
    option("include-test-log", False),
    option("include-custom-message", False),
    option(
        "commit-info",
        "none",
        "commitInfoChoice",
        {
            "none": "NONE",
            "authors": "AUTHORS",
            "authors-and-titles": "AUTHORS_AND_TITLES",
        },
    ),
    option("raw-message", False),
    option("webhook-token", ""),
    option("webhook-token-credential-id", ""),
    node("attachments", told("attachments", each("attachments", ATTACHMENT))),
    text("custom-message", ""),
    plugin="rocketchatnotifier",
)

FLOWS = (
    ("notify-success", True, "SUCCESS"),
    ("notify-failure", True, "FAILURE"),
    ("notify-fixed", True, "FIXED"),
    ("notify-unstable", False, "UNSTABLE"),
    ("notify-aborted", False, "ABORTED"),
    ("notify-notbuilt", False, "NOT_BUILT"),
)

publisher(
    "flowdock",
    "com.flowdock.jenkins.FlowdockNotifier",
    required("token", "flowToken"),
    option("tags", "", "notificationTags"),
    option("chat-notification", True),
    *(
        option(name, default, camel(name).replace("Notbuilt", "NotBuilt"))
        for name, default, _ in FLOWS
    ),
    node(
        "notifyMap",
        *(
            node(
                "entry",
                constant("com.flowdock.jenkins.BuildResult", result),
                option(name, default, "boolean"),
            )
            for name, default, result in FLOWS
        ),
    ),
)

publisher(
    "hipchat",
    "jenkins.plugins.hipchat.HipChatNotifier",
    string("token", ""),
    present("rooms", joined("rooms", ",", tag="room")),
    maybe("notify-start", False, "startNotification"),
    maybe("notify-success", False),
    maybe("notify-aborted", False),
    maybe("notify-not-built", False),
    maybe("notify-unstable", False),
    maybe("notify-failure", False),
    maybe("notify-back-to-normal", False),
    maybe("start-message", tag="startJobMessage"),
    maybe("complete-message", tag="completeJobMessage"),
)


def told_to_slack(name: str, default: object, tag: str | None = None) -> Render:
    """Text as it is, booleans in lower case."""
    return written(name, default, slack_value, tag)


def slack_value(value: object) -> str:
    """As Slack's publisher writes a value: numbers are no text, and refused."""
    if isinstance(value, bool):
        return lowered(value)
    return only_text(value)


SLACK = (
    told_to_slack("team-domain", ""),
    told_to_slack("auth-token", ""),
    told_to_slack("auth-token-id", "", "authTokenCredentialId"),
    told_to_slack("build-server-url", "/"),
    told_to_slack("room", ""),
)

SLACK_NEEDS = ("team-domain", "auth-token", "auth-token-id", "room")


def check_old_slack(parent: Element, data: Any, ctx: Context) -> None:
    """What the plugin could not do without before 2.0."""
    for name in SLACK_NEEDS:
        if not data.get(name):
            ctx.fail(f"'{name}' is required with a version of the plugin before 2.0")
    if not data.get("build-server-url", "/"):
        ctx.fail("'build-server-url' must not be empty")


@reads("commit-info-choice")
def check_commit_info(parent: Element, data: Any, ctx: Context) -> None:
    """One of three."""
    allowed = ("NONE", "AUTHORS", "AUTHORS_AND_TITLES")
    value = data.get("commit-info-choice", "NONE")
    if value not in allowed:
        refuse("commit-info-choice", value, allowed, ctx)


publisher(
    "slack",
    "jenkins.plugins.slack.SlackNotifier",
    since("Slack Notification Plugin", "2.0", (), (check_old_slack,)),
    *SLACK,
    since(
        "Slack Notification Plugin",
        "2.0",
        (
            check_commit_info,
            told_to_slack("notify-start", False, "startNotification"),
            told_to_slack("notify-success", False),
            told_to_slack("notify-aborted", False),
            told_to_slack("notify-not-built", False),
            told_to_slack("notify-unstable", False),
            told_to_slack("notify-failure", False),
            told_to_slack("notify-every-failure", False),
            told_to_slack("notify-back-to-normal", False),
            told_to_slack("notify-regression", False),
            told_to_slack("notify-repeated-failure", False),
            told_to_slack("include-test-summary", False),
            told_to_slack("include-failed-tests", False),
            told_to_slack("commit-info-choice", "NONE"),
            told_to_slack("include-custom-message", False),
            told_to_slack("custom-message", ""),
            told_to_slack("custom-message-success", ""),
            told_to_slack("custom-message-aborted", ""),
            told_to_slack("custom-message-not-built", ""),
            told_to_slack("custom-message-unstable", ""),
            told_to_slack("custom-message-failure", ""),
            told_to_slack("auth-token-credential-id", ""),
            told_to_slack("bot-user", False),
            told_to_slack("base-url", ""),
        ),
    ),
)

DISCORD_TEXTS = (
    text("webhook-url", None, "webhookURL"),
    text("branch-name", None),
    text("status-title", None),
    text("thumbnail-url", None, "thumbnailURL"),
    text("notes", None),
    text("custom-avatar-url", None),
    text("custom-username", None),
)

DISCORD_FLAGS = (
    "send-on-state-change",
    "enable-url-linking",
    "enable-artifact-list",
    "enable-footer-info",
    "show-changeset",
    "send-log-file",
    "send-start-notification",
)

DISCORD = node(
    "nz.co.jammehcow.jenkinsdiscord.WebhookPublisher",
    *DISCORD_TEXTS,
    *(written(name, False, truth) for name in DISCORD_FLAGS),
    plugin="discord-notifier@1.4.14",
)


@publisher.written("discord-notifier")
@reads(" ".join(part.name for part in DISCORD_TEXTS) + " " + " ".join(DISCORD_FLAGS))
def discord_notifier(parent: Element, data: Any, ctx: Context) -> None:
    """Discord, with nothing said at all if need be."""
    DISCORD(parent, {} if data is None else data, ctx)


publisher("jms-messaging", "com.redhat.jenkins.plugins.ci.CIMessageNotifier", *MESSAGE)

publisher(
    "chuck-norris",
    "hudson.plugins.chucknorris.CordellWalkerRecorder",
    node("factGenerator"),
)


publisher(
    "campfire",
    "hudson.plugins.campfire.CampfireNotifier",
    node(
        "campfire",
        maybe("subdomain"),
        maybe("token"),
        maybe("ssl"),
    ),
    present(
        "room",
        node(
            "room",
            required("room", "name"),
            node('campfire reference="../../campfire"'),
        ),
    ),
)

publisher(
    "growl",
    "hudson.plugins.growl.GrowlPublisher",
    required("ip", "IP"),
    option("notify-only-on-fail-or-recovery", False, "onlyOnFailureOrRecovery"),
    plugin="growl",
)

publisher(
    "hue-light",
    "org.jenkinsci.plugins.hue__light.LightNotifier",
    node(
        "lightId",
        required("light-id", "string"),
    ),
    option("pre-build", "blue"),
    option("good-build", "green"),
    option("unstable-build", "yellow"),
    option("bad-build", "red"),
    plugin="hue-light",
)

publisher(
    "mqtt",
    "jenkins.plugins.mqttnotification.MqttNotifier",
    required("broker-url"),
    maybe("credentials-id"),
    maybe("topic", "jenkins/$PROJECT_URL"),
    maybe("message", "$BUILD_RESULT"),
    maybe(
        "qos",
        "AT_MOST_ONCE",
        choices={"AT_MOST_ONCE": "0", "AT_LEAST_ONCE": "1", "EXACTLY_ONCE": "2"},
    ),
    maybe("retain-message", False),
    plugin="mqtt-notification-plugin",
)

publisher(
    "opsgenie",
    "com.opsgenie.integration.jenkins.OpsGenieNotifier",
    option("priority", "P3", "alertPriority"),
    option("build-starts-alerts-priority", "P3", "notifyBuildStartPriority"),
    option("enable-sending-alerts", "false", "enable"),
    option("notify-build-start", "false"),
    option("api-key", ""),
    option("api-url", ""),
    option("tags", ""),
    option("teams", ""),
    plugin="opsgenie",
)

publisher("zulip", "hudson.plugins.humbug.HumbugNotifier")

publisher(
    "gitlab-message",
    "com.dabsquared.gitlabjenkins.publisher.GitLabMessagePublisher",
    option("failure-only", False, "onlyForFailure"),
    option("success-note", False, "replaceSuccessNote"),
    option("failure-note", False, "replaceFailureNote"),
    option("abort-note", False, "replaceAbortNote"),
    option("unstable-note", False, "replaceUnstableNote"),
    option("success-note-text", ""),
    option("failure-note-text", ""),
    option("abort-note-text", ""),
    option("unstable-note-text", ""),
    plugin="gitlab-plugin",
)
