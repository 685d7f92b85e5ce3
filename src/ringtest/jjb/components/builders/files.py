"""Builders that fetch, place, mark or send files."""

from ringtest.jjb.components.copied import build_selector
from ringtest.jjb.components.kinds import builder
from ringtest.jjb.components.managed_files import MANAGED_FILES
from ringtest.jjb.components.parts import REQUIRED, constant, option, required, text
from ringtest.jjb.components.publish_over import CIFS, SSH, publish_over
from ringtest.jjb.components.shapes import each, node, present

builder(
    "copyartifact",
    "hudson.plugins.copyartifact.CopyArtifact",
    required("project"),
    option("filter", ""),
    option("target", ""),
    option("flatten", False),
    option("optional", False),
    option("do-not-fingerprint", False, "doNotFingerprintArtifacts"),
    option("parameter-filters", "", "parameters"),
    option("exclude", ""),
    option("result-var-suffix", "", "resultVariableSuffix"),
    build_selector("selector"),
)

builder(
    "config-file-provider",
    "org.jenkinsci.plugins.configfiles.builder.ConfigFileBuildStep",
    MANAGED_FILES,
    plugin="config-file-provider",
)

for name in ("ssh", "publish-over-ssh"):
    builder.made_of(name, publish_over(SSH))

for name in ("cifs", "publish-over-cifs"):
    builder.made_of(name, publish_over(CIFS))


builder(
    "fingerprint",
    "hudson.plugins.createfingerprint.CreateFingerprint",
    option("targets", ""),
    plugin="create-fingerprint",
)

builder(
    "artifact-resolver",
    "org.jvnet.hudson.plugins.repositoryconnector.ArtifactResolver",
    required("target-directory"),
    option("fail-on-error", False),
    option("repository-logging", False, "enableRepoLogging"),
    constant("snapshotUpdatePolicy", "never"),
    constant("releaseUpdatePolicy", "never"),
    constant("snapshotChecksumPolicy", "warn"),
    constant("releaseChecksumPolicy", "warn"),
    node(
        "artifacts",
        each(
            "artifacts",
            node(
                "org.jvnet.hudson.plugins.repositoryconnector.Artifact",
                required("group-id"),
                required("artifact-id"),
                required("version"),
                option("classifier", ""),
                option("extension", "jar"),
                option("target-file-name", ""),
            ),
            default=REQUIRED,
        ),
    ),
)

builder(
    "nexus-artifact-uploader",
    "sp.sd.nexusartifactuploader.NexusArtifactUploader",
    option("protocol", "https"),
    option("nexus_url", "", "nexusUrl"),
    option("nexus_user", "", "nexusUser"),
    option("nexus_password", "", "nexusPassword"),
    option("group_id", "", "groupId"),
    option("artifact_id", "", "artifactId"),
    option("version", ""),
    option("packaging", ""),
    option("type", ""),
    option("classifier", ""),
    option("repository", ""),
    option("file", ""),
    option("credentials_id", "", "credentialsId"),
)

builder(
    "nexus-repo-manager",
    "org.sonatype.nexus.ci.nxrm.NexusPublisherBuildStep",
    required("instance-id", "nexusInstanceId"),
    required("repo-id", "nexusRepositoryId"),
)

builder(
    "http-request",
    "jenkins.plugins.http__request.HttpRequest",
    required("url"),
    option("mode", "GET", "httpMode", choices=("GET", "POST", "PUT", "DELETE", "HEAD")),
    option(
        "content-type",
        "NOT_SET",
        choices=(
            "NOT_SET",
            "TEXT_HTML",
            "APPLICATION_JSON",
            "APPLICATION_TAR",
            "APPLICATION_ZIP",
            "APPLICATION_OCTETSTREAM",
        ),
    ),
    option(
        "accept-type",
        "NOT_SET",
        choices=(
            "NOT_SET",
            "TEXT_HTML",
            "APPLICATION_JSON",
            "APPLICATION_TAR",
            "APPLICATION_ZIP",
            "APPLICATION_OCTETSTREAM",
        ),
    ),
    option("output-file", ""),
    option("console-log", False, "consoleLogResponseBody"),
    option("pass-build", False, "passBuildParameters"),
    option("time-out", 0, "timeout"),
    option("valid-response-codes", ""),
    option("valid-response-content", ""),
    present(
        "authentication-key",
        text("authentication-key", tag="authentication"),
    ),
    present(
        "custom-headers",
        node(
            "customHeaders",
            each(
                "custom-headers",
                node(
                    "pair",
                    required("name"),
                    required("value"),
                ),
                default=REQUIRED,
            ),
        ),
    ),
    plugin="http_request",
)
