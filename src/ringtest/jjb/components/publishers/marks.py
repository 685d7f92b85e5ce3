"""Publishers that mark builds and tell other systems of them."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.openshift import ACCESS, CLUSTER, PLUGIN
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    maybe,
    option,
    put,
    reads,
    required,
    text,
)
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import choose, each, every, given, node, within


def pushed(several: str, one: str, kind: str, *parts: Render) -> Render:
    """What is pushed of a kind, each under its own word, when there is any."""
    push = node(
        f"hudson.plugins.git.GitPublisher_-{kind}ToPush",
        within(one, option("remote", "origin", "targetRepoName"), *parts),
    )
    return given(several, node(f"{several}ToPush", each(several, push)))


publisher(
    "git",
    "hudson.plugins.git.GitPublisher",
    constant("configVersion", "2"),
    option("push-merge", False),
    option("push-only-if-success", True),
    option("force-push", False),
    pushed(
        "tags",
        "tag",
        "Tag",
        required("name", "tagName"),
        option("message", "", "tagMessage"),
        option("create-tag", False),
        option("update-tag", False),
    ),
    pushed(
        "branches",
        "branch",
        "Branch",
        required("name", "branchName"),
        option("rebase", False, "rebaseBeforePush"),
    ),
    pushed(
        "notes",
        "note",
        "Note",
        required("message", "noteMsg"),
        option("namespace", "master", "noteNamespace"),
        option("replace-note", False, "noteReplace"),
    ),
)


@reads("credentials-id username password")
def stash_account(parent: Element, data: Any, ctx: Context) -> None:
    """Credentials that Jenkins keeps, or a name and a password of the YAML or the ini file."""
    if data.get("credentials-id") is not None:
        SubElement(parent, "credentialsId").text = str(data["credentials-id"])
        return
    for name, tag in (("username", "stashUserName"), ("password", "stashUserPassword")):
        put(parent, tag, ctx.option('plugin "stash"', name, data.get(name, "")), ctx)


publisher(
    "stash",
    "org.jenkinsci.plugins.stashNotifier.StashNotifier",
    text("url", "", "stashServerBaseUrl"),
    stash_account,
    option("ignore-ssl", False, "ignoreUnverifiedSSLPeer"),
    option("commit-sha1", ""),
    option("include-build-number", False, "includeBuildNumberInKey"),
)

STYLES = (
    "area",
    "bar",
    "bar3d",
    "line",
    "line3d",
    "stackedArea",
    "stackedbar",
    "stackedbar3d",
    "waterfall",
)

FLAGS = {
    "off": "OFF",
    "include-by-string": "INCLUDE_BY_STRING",
    "exclude-by-string": "EXCLUDE_BY_STRING",
    "include-by-column": "INCLUDE_BY_COLUMN",
    "exclude-by-column": "EXCLUDE_BY_COLUMN",
}

XPATHS = {
    "nodeset": "NODESET",
    "node": "NODE",
    "string": "STRING",
    "boolean": "BOOLEAN",
    "number": "NUMBER",
}


def excluded(parent: Element, data: Any, ctx: Context) -> None:
    """The excluded values again, one by one."""
    if data.get("exclude", ""):
        element = SubElement(parent, "strExclusionSet")
        for value in data["exclude"].split(","):
            SubElement(element, "string").text = value


SERIES_FILE = text("file", None)
SERIES_TYPE = text("format", tag="fileType")

SERIES = choose(
    "format",
    REQUIRED,
    {
        "properties": (
            node(
                "hudson.plugins.plot.PropertiesSeries",
                SERIES_FILE,
                text("label", ""),
                SERIES_TYPE,
            ),
        ),
        "csv": (
            node(
                "hudson.plugins.plot.CSVSeries",
                SERIES_FILE,
                option("inclusion-flag", "off", choices=FLAGS),
                option("exclude", "", "exclusionValues"),
                option("url", ""),
                option("display-table", False, "displayTableFlag"),
                excluded,
                SERIES_TYPE,
            ),
        ),
        "xml": (
            node(
                "hudson.plugins.plot.XMLSeries",
                SERIES_FILE,
                option("url", ""),
                option("xpath", "", "xpathString"),
                option("xpath-type", "node", "nodeTypeString", XPATHS),
                SERIES_TYPE,
            ),
        ),
    },
)

publisher(
    "plot",
    "hudson.plugins.plot.PlotPublisher",
    node(
        "plots",
        every(
            node(
                "hudson.plugins.plot.Plot",
                option("title", ""),
                option("yaxis", ""),
                option("width", "750"),
                option("height", "450"),
                option("csv-file-name", ""),
                required("group"),
                option("use-description", False, "useDescr"),
                option("exclude-zero-yaxis", False, "exclZero"),
                option("logarithmic-yaxis", False, "logarithmic"),
                option("keep-records", False),
                option("num-builds", ""),
                option("style", "line", choices=STYLES),
                node("series", each("series", SERIES, default=REQUIRED)),
            )
        ),
    ),
)


publisher(
    "blame-upstream", "hudson.plugins.blame__upstream__commiters.BlameUpstreamCommitersPublisher"
)

publisher("emotional-jenkins", "org.jenkinsci.plugins.emotional__jenkins.EmotionalJenkinsPublisher")
publisher("claim-build", "hudson.plugins.claim.ClaimPublisher")
publisher("jira", "hudson.plugins.jira.JiraIssueUpdater")
publisher("cigame", "hudson.plugins.cigame.GamePublisher")
publisher("github-notifier", "com.cloudbees.jenkins.GitHubCommitNotifier")

publisher(
    "gitlab-notifier",
    "com.dabsquared.gitlabjenkins.publisher.GitLabCommitStatusPublisher",
    option("name", "jenkins"),
    option("mark-unstable-as-success", False),
    plugin="gitlab-plugin",
)

publisher("gitlab-vote", "com.dabsquared.gitlabjenkins.publisher.GitLabVotePublisher")

publisher(
    "description-setter",
    "hudson.plugins.descriptionsetter.DescriptionSetterPublisher",
    maybe("regexp", ""),
    maybe("regexp-for-failed", ""),
    maybe("description"),
    maybe("description-for-failed"),
    maybe("set-for-matrix", False),
)

publisher(
    "sitemonitor",
    "hudson.plugins.sitemonitor.SiteMonitorRecorder",
    given(
        "sites",
        node(
            "mSites",
            each(
                "sites",
                node(
                    "hudson.plugins.sitemonitor.model.Site",
                    text("url", tag="mUrl"),
                ),
            ),
        ),
    ),
)

publisher(
    "display-upstream-changes",
    "jenkins.plugins.displayupstreamchanges.DisplayUpstreamChangesRecorder",
)

publisher(
    "logstash",
    "jenkins.plugins.logstash.LogstashNotifier",
    option("max-lines", 1000),
    option("fail-build", False),
    plugin="logstash",
)

publisher(
    "influx-db",
    "jenkinsci.plugins.influxdb.InfluxDbPublisher",
    option("selected-target", ""),
    option("custom-project-name", ""),
    option("custom-prefix", ""),
    option("jenkins-env-parameter-field", ""),
    option("jenkins-env-parameter-tag", ""),
    plugin="influx-db",
)

publisher(
    "phabricator",
    "com.uber.jenkins.phabricator.PhabricatorNotifier",
    maybe("comment-on-success"),
    maybe("uberalls-enabled"),
    maybe("comment-file"),
    maybe("comment-size"),
    maybe("comment-with-console-link-on-failure"),
)

publisher(
    "openshift-build-canceller",
    f"{PLUGIN}BuildCanceller",
    CLUSTER,
    option("bld-cfg", "frontend"),
    *ACCESS,
)

publisher(
    "openshift-deploy-canceller",
    f"{PLUGIN}DeployCanceller",
    CLUSTER,
    option("dep-cfg", "frontend"),
    *ACCESS,
)

publisher(
    "github-pull-request-merge",
    "org.jenkinsci.plugins.ghprb.GhprbPullRequestMerge",
    option("only-admins-merge", "false"),
    option("disallow-own-code", "false"),
    option("merge-comment", ""),
    option("fail-on-non-merge", "false"),
    option("delete-on-merge", "false"),
)
