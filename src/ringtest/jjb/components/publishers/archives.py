"""Publishers that keep or copy what a build made."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.parts import (
    constant,
    joined,
    lower,
    maybe,
    option,
    reads,
    required,
    string,
    text,
)
from ringtest.jjb.components.registry import Context
from ringtest.jjb.components.shapes import choose, every, given, node, present

publisher(
    "archive",
    "hudson.tasks.ArtifactArchiver",
    required("artifacts"),
    option("allow-empty", False, "allowEmptyArchive"),
    option("only-if-success", False, "onlyIfSuccessful"),
    option("fingerprint", False),
    option("default-excludes", True),
    option("case-sensitive", True),
    option("latest-only", False),
    option("follow-symlinks", False),
    present("excludes", required("excludes")),
)

publisher(
    "copy-to-master",
    "com.michelin.cio.hudson.plugins.copytoslave.CopyToMasterNotifier",
    joined("includes", ",", ("",)),
    joined("excludes", ",", ("",)),
    option("run-after-result", True, "runAfterResultFinalised"),
    option("destination", "", "destinationFolder"),
    given("destination", constant("overrideDestinationFolder", "true")),
    plugin="copy-to-slave",
)

DEPLOYED = node(
    "org.jenkinsci.plugins.artifactdeployer.ArtifactDeployerEntry",
    text("files", None, "includes"),
    text("basedir", None),
    text("excludes", None),
    text("remote", None),
    lower("flatten", False),
    lower("delete-remote", False),
    lower("delete-remote-artifacts", False),
    lower("fail-no-files", False, "failNoFilesDeploy"),
    text("groovy-script", None, "groovyExpression"),
)


@reads("entries")
def deployed_entries(parent: Element, data: Any, ctx: Context) -> None:
    """What is deployed where; an empty list is told from none."""
    if data["entries"] is None:
        SubElement(parent, "entries", {"class": "empty-list"})
        return
    element = SubElement(parent, "entries")
    for entry in data["entries"]:
        DEPLOYED(element, entry, ctx)


publisher(
    "artifact-deployer",
    "org.jenkinsci.plugins.artifactdeployer.ArtifactDeployerPublisher",
    deployed_entries,
    lower("deploy-if-fail", False, "deployEvenBuildFail"),
)

GALLERY = "org.jenkinsci.plugins.imagegallery."

COMPARATIVE = (
    string("base-root-folder", ""),
    given("image-inner-width", string("image-inner-width")),
)


@reads("image-width")
def image_width(parent: Element, data: Any, ctx: Context) -> None:
    """The width, when its text is not empty."""
    if str(data.get("image-width", "")):
        SubElement(parent, "imageWidth").text = str(data["image-width"])


GALLERY_START = (
    string("title", ""),
    image_width,
    string("unstable-if-no-artifacts", False, "markBuildAsUnstableIfNoArchivesFound"),
)

publisher(
    "image-gallery",
    f"{GALLERY}ImageGalleryRecorder",
    node(
        "imageGalleries",
        every(
            choose(
                "gallery-type",
                "archived-images-gallery",
                {
                    "archived-images-gallery": (
                        node(
                            f"{GALLERY}imagegallery.ArchivedImagesGallery",
                            *GALLERY_START,
                            string("includes", ""),
                        ),
                    ),
                    "in-folder-comparative-gallery": (
                        node(
                            f"{GALLERY}comparative.InFolderComparativeArchivedImagesGallery",
                            *GALLERY_START,
                            *COMPARATIVE,
                        ),
                    ),
                    "multiple-folder-comparative-gallery": (
                        node(
                            f"{GALLERY}comparative.MultipleFolderComparativeArchivedImagesGallery",
                            *GALLERY_START,
                            *COMPARATIVE,
                        ),
                    ),
                },
            )
        ),
    ),
)


publisher(
    "fingerprint",
    "hudson.tasks.Fingerprinter",
    option("files", "", "targets"),
    option("record-artifacts", False, "recordBuildArtifacts"),
)

publisher(
    "javadoc",
    "hudson.tasks.JavadocArchiver",
    maybe("directory", tag="javadocDir"),
    maybe("keep-all-successful", False, tag="keepAll"),
)

publisher(
    "html-publisher",
    "htmlpublisher.HtmlPublisher",
    node(
        "reportTargets",
        node(
            "htmlpublisher.HtmlPublisherTarget",
            required("name", "reportName"),
            required("dir", "reportDir"),
            required("files", "reportFiles"),
            option("link-to-last-build", False, "alwaysLinkToLastBuild"),
            option("keep-all", False),
            option("allow-missing", False),
            constant("wrapperName", "htmlpublisher-wrapper.html"),
        ),
    ),
)

publisher(
    "clone-workspace",
    "hudson.plugins.cloneworkspace.CloneWorkspacePublisher",
    option("workspace-glob", ""),
    option("override-default-excludes", False),
    option("criteria", "Any", choices=("Any", "Not Failed", "Successful")),
    option("archive-method", "TAR", choices=("TAR", "ZIP")),
    maybe("workspace-exclude-glob", ""),
    plugin="clone-workspace-scm",
)

publisher(
    "maven-deploy",
    "hudson.maven.RedeployPublisher",
    present(
        "id",
        text("id"),
    ),
    present(
        "url",
        text("url"),
    ),
    lower("unique-version", True),
    lower("deploy-unstable", False, tag="evenIfUnstable"),
    present(
        "release-env-var",
        text("release-env-var"),
    ),
)

publisher(
    "xml-summary",
    "hudson.plugins.summary__report.ACIPluginPublisher",
    required("files", "name"),
    option("shown-on-project-page", False),
    plugin="summary_report",
)

publisher(
    "rich-text-publisher",
    "org.korosoft.jenkins.plugin.rtp.RichTextPublisher",
    required("stable-text"),
    option("unstable-text", ""),
    option("failed-text", ""),
    option("unstable-as-stable", True),
    option("failed-as-stable", True),
    option("parser-name", "WikiText", choices=("HTML", "Confluence", "WikiText")),
    plugin="rich-text-publisher-plugin",
)

publisher(
    "text-finder",
    "hudson.plugins.textfinder.TextFinderPublisher",
    present(
        "fileset",
        text("fileset", tag="fileSet"),
    ),
    required("regexp"),
    option("also-check-console-output", False),
    option("succeed-if-found", False),
    option("unstable-if-found", False),
    option("not-built-if-found", False),
    plugin="text-finder",
)

publisher(
    "discard-old-build",
    "org.jenkinsci.plugins.discardbuild.DiscardBuildPublisher",
    option("day-to-Keep", -1, "daysToKeep"),
    option("num-to-keep", -1),
    node("resultsToDiscard"),
    option("min-log-fileSize", -1),
    option("max-log-fileSize", -1),
    option("interval-days-to-keep", -1),
    option("interval-num-to-keep", -1),
    option("keep-last-builds", False),
    option("hold-max-builds", False),
    option("regexp", ""),
)
