"""Publishers that send what a build made elsewhere: servers, buckets, clouds."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ringtest.jjb.components.artifactory import (
    DEPLOYMENT_PATTERNS,
    ENV_VARS_PATTERNS,
    PUBLISHER_PROPERTIES,
    SERVER,
)
from ringtest.jjb.components.kinds import publisher
from ringtest.jjb.components.parts import (
    REQUIRED,
    constant,
    joined,
    lower,
    negated,
    option,
    put,
    reads,
    required,
    string,
    text,
    written,
)
from ringtest.jjb.components.publish_over import CIFS, FTP, SSH, publish_over, sending
from ringtest.jjb.components.registry import Context, Render
from ringtest.jjb.components.shapes import each, node, present, refuse
from ringtest.jjb.components.stacks import CLOUDFORMATION, NEW_STACK, OLD_STACK

publisher.made_of("ssh", publish_over(SSH))
publisher.made_of("cifs", publish_over(CIFS))
publisher("ftp", FTP.publisher, *sending(FTP, constant("asciiMode", "false")))

publisher(
    "artifactory",
    "org.jfrog.hudson.ArtifactoryRedeployPublisher",
    *PUBLISHER_PROPERTIES,
    joined("matrix-params", ","),
    node(
        "details",
        *SERVER,
        option("release-repo-key", "", "repositoryKey"),
        option("snapshot-repo-key", "", "snapshotsRepositoryKey"),
        node("stagingPlugin", constant("pluginName", "None")),
    ),
    DEPLOYMENT_PATTERNS,
    ENV_VARS_PATTERNS,
)


@reads("entries")
def check_entries(parent: Element, data: Any, ctx: Context) -> None:
    """Sets of files are what it is for."""
    if not data.get("entries"):
        ctx.fail("'entries' is required, with at least one set of files")


publisher(
    "s3",
    "hudson.plugins.s3.S3BucketPublisher",
    check_entries,
    lower("dont-wait-for-concurrent-builds", False, "dontWaitForConcurrentBuildCompletion"),
    text("s3-profile", None, "profileName"),
    node(
        "entries",
        each(
            "entries",
            node(
                "hudson.plugins.s3.Entry",
                string("destination-bucket", "", "bucket"),
                string("source-files", "", "sourceFile"),
                string("storage-class", ""),
                string("bucket-region", "", "selectedRegion"),
                written("upload-on-failure", False, negated, "noUploadOnFailure"),
                lower("upload-from-slave", False),
                lower("managed-artifacts", False),
                lower("s3-encryption", False, "useServerSideEncryption"),
                lower("flatten", False),
            ),
        ),
    ),
    node(
        "userMetadata",
        each(
            "metadata-tags",
            node("hudson.plugins.s3.MetadataPair", text("key", None), text("value", None)),
        ),
    ),
)

publisher(
    "jclouds",
    "jenkins.plugins.jclouds.blobstore.BlobStorePublisher",
    node(
        "entries",
        node(
            "jenkins.plugins.jclouds.blobstore.BlobStoreEntry",
            text("container"),
            text("files", tag="sourceFile"),
            option("hierarchy", False, "keepHierarchy"),
            option("basedir", "", "path"),
        ),
    ),
    required("profile", "profileName"),
)

STORAGE = "com.google.jenkins.plugins.storage."

UPLOADED = (
    required("storage-location", "bucketNameWithVars"),
    option("share-publicly", False, "sharedPublicly"),
    option("upload-for-failed-jobs", False, "forFailedJobs"),
)

UPLOADS: dict[str, tuple[str, tuple[Render, ...]]] = {
    "expiring-elements": (
        "ExpiringBucketLifecycleManager",
        (
            required("bucket-name", "bucketNameWithVars"),
            constant("sharedPublicly", "false"),
            constant("forFailedJobs", "false"),
            required("days-to-retain", "bucketObjectTTL"),
        ),
    ),
    "build-log": (
        "StdoutUpload",
        (
            *UPLOADED,
            option("show-inline", True),
            option("strip-prefix", "", "pathPrefix"),
            required("log-name"),
        ),
    ),
    "classic": (
        "ClassicUpload",
        (
            *UPLOADED,
            option("show-inline", False),
            option("strip-prefix", "", "pathPrefix"),
            required("file-pattern", "sourceGlobWithVars"),
        ),
    ),
}


@reads("uploads")
def google_uploads(parent: Element, data: Any, ctx: Context) -> None:
    """Uploads in order; the second of a kind refers to the module of the first."""
    element = SubElement(parent, "uploads")
    seen = set()
    for upload in data["uploads"]:
        for kind, options in upload.items():
            if kind not in UPLOADS:
                refuse("uploads", kind, UPLOADS, ctx)
            name, parts = UPLOADS[kind]
            made = SubElement(element, f"{STORAGE}{name}")
            for part in parts:
                part(made, options, ctx)
            module = SubElement(made, "module")
            if kind in seen:
                module.set("reference", f"../../{STORAGE}{name}/module")
            seen.add(kind)


publisher(
    "google-cloud-storage",
    f"{STORAGE}GoogleCloudStorageUploader",
    required("credentials-id"),
    google_uploads,
    plugin="google-storage-plugin",
)

FOUNDRY = "com.hpe.cloudfoundryjenkins.CloudFoundryPushPublisher"

publisher(
    "cloudfoundry",
    FOUNDRY,
    required("target"),
    required("organization"),
    required("space", "cloudSpace"),
    required("credentials-id"),
    option("self-signed", False),
    option("reset-app", False, "resetIfExists"),
    option("timeout", 120, "pluginTimeout"),
    constant("appURIs", ""),
    node(
        "servicesToCreate",
        each(
            "create-services",
            node(
                f"{FOUNDRY}_-Service",
                option("name", ""),
                option("type", ""),
                option("plan", ""),
                option("reset-service", ""),
            ),
        ),
    ),
    node(
        "manifestChoice",
        option("value", "manifestFile", choices=("manifestFile", "jenkinsConfig")),
        option("manifest-file", "manifest.yml"),
        option("app-name", ""),
        option("memory", 512),
        option("host-name", "", "hostname"),
        option("instances", 1),
        option("manifest-timeout", 60, "timeout"),
        option("no-route", False),
        option("app-path", ""),
        option("build-pack", "", "buildpack"),
        option("stack", ""),
        option("command", ""),
        option("domain", ""),
        present(
            "environment-variables",
            node(
                "envVars",
                each(
                    "environment-variables",
                    node(
                        f"{FOUNDRY}_-EnvironmentVariable",
                        option("key", ""),
                        option("value", ""),
                    ),
                ),
            ),
        ),
        present(
            "services-names",
            node(
                "servicesNames",
                each(
                    "services-names",
                    node(f"{FOUNDRY}_-ServiceName", option("name", "")),
                ),
            ),
        ),
    ),
    plugin="cloudfoundry",
)

publisher.made_of(
    "cloudformation",
    node(
        f"{CLOUDFORMATION}CloudFormationPostBuildNotifier",
        node("stacks", each("create-stacks", *NEW_STACK)),
    ),
    node(
        f"{CLOUDFORMATION}CloudFormationNotifier",
        node("stacks", each("delete-stacks", *OLD_STACK)),
    ),
)


@reads("file-entries")
def packer_files(parent: Element, data: Any, ctx: Context) -> None:
    """Files with variables, each under a name of its own."""
    if "file-entries" not in data:
        return
    element = SubElement(parent, "fileEntries")
    for entries in data["file-entries"]:
        for options in entries.values():
            entry = SubElement(element, "biz.neustar.jenkins.plugins.packer.PackerFileEntry")
            put(entry, "varFileName", options.get("variable-name", ""), ctx)
            put(entry, "contents", options.get("contents", ""), ctx)


publisher(
    "packer",
    "biz.neustar.jenkins.plugins.packer.PackerPublisher",
    required("name"),
    option("json-template", ""),
    option("json-template-text", ""),
    option("add-params", "", "params"),
    option("use-debug", False),
    option("change-dir", ""),
    option("template-mode", "global", choices=("global", "file", "text")),
    packer_files,
)


publisher(
    "ftp-publisher",
    "com.zanox.hudson.plugins.FTPPublisher",
    node(
        "entries",
        present(
            "uploads",
            each(
                "uploads",
                node(
                    "com.zanox.hudson.plugins.Entry",
                    option("file-path", ""),
                    option("source-file", ""),
                ),
                default=REQUIRED,
            ),
        ),
    ),
    required("site-name"),
    option("use-timestamps", False),
    option("flatten-files", False, "flatten"),
    option("skip-publishing", False, "skip"),
    plugin="ftppublisher",
)

publisher(
    "scp",
    "be.certipost.hudson.plugin.SCPRepositoryPublisher",
    required("site", "siteName"),
    node(
        "entries",
        each(
            "files",
            node(
                "be.certipost.hudson.plugin.Entry",
                required("target", "filePath"),
                option("source", "", "sourceFile"),
                option("keep-hierarchy", False),
                option("copy-console", False, "copyConsoleLog"),
                option("copy-after-failure", False),
            ),
            default=REQUIRED,
        ),
    ),
    plugin="scp",
)

publisher(
    "hp-alm",
    "com.microfocus.application.automation.tools.results.TestResultToALMUploader",
    required("server-name", "almServerName"),
    option("credentials-id", ""),
    required("domain", "almDomain"),
    required("project", "almProject"),
    option("client-type", ""),
    option("testing-framework", "JUnit"),
    option("testing-tool", ""),
    required("folder", "almTestFolder"),
    required("set-folder", "almTestSetFolder"),
    required("testing-result-file"),
    option("jenkins-server-url", ""),
    plugin="hp-application-automation-tools-plugin",
)
