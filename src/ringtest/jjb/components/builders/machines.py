"""Builders that act on containers and clouds: Docker, OpenShift, CloudFormation."""

from ringtest.jjb.components.kinds import builder
from ringtest.jjb.components.openshift import ACCESS, CLUSTER, NAMESPACE, PLUGIN, TOKEN, VERBOSE
from ringtest.jjb.components.parts import maybe, option, required, text
from ringtest.jjb.components.shapes import every, node, present, within
from ringtest.jjb.components.stacks import CLOUDFORMATION, NEW_STACK

builder(
    "docker-build-publish",
    "com.cloudbees.dockerpublish.DockerBuilder",
    required("repo-name"),
    option("repo-tag", ""),
    option("no-cache", False),
    option("no-force-pull", False),
    option("skip-build", False),
    option("skip-decorate", False),
    option("skip-tag-latest", False),
    option("skip-push", False),
    option("file-path", "", "dockerfilePath"),
    option("build-context", ""),
    option("create-fingerprint", False),
    option("build-args", "", "buildAdditionalArgs"),
    option("force-tag", False),
    present(
        "server",
        node(
            "server",
            within(
                "server",
                present("credentials-id", required("credentials-id")),
                present("uri", required("uri")),
            ),
            plugin="docker-commons",
        ),
    ),
    present(
        "registry",
        node(
            "registry",
            within(
                "registry",
                present("credentials-id", required("credentials-id")),
                present("url", required("url")),
            ),
            plugin="docker-commons",
        ),
    ),
    plugin="docker-build-publish",
)

builder.made_of(
    "cloudformation",
    node(f"{CLOUDFORMATION}CloudFormationBuildStep", node("stacks", every(*NEW_STACK))),
)


builder(
    "build-publish-docker-image",
    "com.nirima.jenkins.plugins.docker.builder.DockerBuilderPublisher",
    node(
        "fromRegistry",
        maybe("docker-registry-url", "", tag="url"),
        plugin="docker-commons",
    ),
    node(
        "tags",
        text("image", "", tag="string"),
    ),
    maybe("docker-file-directory", ""),
    maybe("push-on-success", False),
    maybe("push-credentials-id", ""),
    maybe("clean-images", False),
    maybe("jenkins-job-delete", False, tag="cleanupWithJenkinsJobDelete"),
    maybe("cloud", ""),
    plugin="docker-plugin",
)

builder(
    "docker-pull-image",
    "org.jenkinsci.plugins.registry.notification.DockerPullImageBuilder",
    node(
        "registry",
        maybe("docker-registry-url", "", tag="url"),
        maybe("credentials-id", ""),
        plugin="docker-commons",
    ),
    maybe("image", ""),
    plugin="dockerhub-notification",
)

builder(
    "openshift-build-verify",
    f"{PLUGIN}BuildVerifier",
    CLUSTER,
    option("bld-cfg", "frontend"),
    *ACCESS,
)

builder(
    "openshift-builder",
    f"{PLUGIN}Builder",
    CLUSTER,
    option("bld-cfg", "frontend"),
    NAMESPACE,
    TOKEN,
    option("commit-ID", ""),
    VERBOSE,
    option("build-name", ""),
    option("show-build-logs", False),
)

builder(
    "openshift-creator",
    f"{PLUGIN}Creator",
    CLUSTER,
    option("jsonyaml", ""),
    *ACCESS,
)

builder(
    "openshift-dep-verify",
    f"{PLUGIN}DeploymentVerifier",
    CLUSTER,
    option("dep-cfg", "frontend"),
    NAMESPACE,
    option("replica-count", 0),
    TOKEN,
    VERBOSE,
)

builder(
    "openshift-deployer",
    f"{PLUGIN}Deployer",
    CLUSTER,
    option("dep-cfg", "frontend"),
    *ACCESS,
)

builder(
    "openshift-img-tagger",
    f"{PLUGIN}ImageTagger",
    CLUSTER,
    option("test-tag", "origin-nodejs-sample:latest"),
    option("prod-tag", "origin-nodejs-sample:prod"),
    *ACCESS,
)

builder(
    "openshift-scaler",
    f"{PLUGIN}Scaler",
    CLUSTER,
    option("dep-cfg", "frontend"),
    NAMESPACE,
    option("replica-count", 0),
    TOKEN,
    VERBOSE,
)

builder(
    "openshift-svc-verify",
    f"{PLUGIN}ServiceVerifier",
    CLUSTER,
    option("svc-name", "frontend"),
    *ACCESS,
)
