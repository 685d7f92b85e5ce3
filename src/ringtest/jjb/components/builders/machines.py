"""Builders that act on machines and containers: Docker, OpenShift, Ansible, Salt, clouds."""

from ringtest.jjb.components.kinds import builder
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
    "com.openshift.jenkins.plugins.pipeline.OpenShiftBuildVerifier",
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("bld-cfg", "frontend"),
    option("namespace", "test"),
    option("auth-token", ""),
    option("verbose", False),
)

builder(
    "openshift-builder",
    "com.openshift.jenkins.plugins.pipeline.OpenShiftBuilder",
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("bld-cfg", "frontend"),
    option("namespace", "test"),
    option("auth-token", ""),
    option("commit-ID", ""),
    option("verbose", False),
    option("build-name", ""),
    option("show-build-logs", False),
)

builder(
    "openshift-creator",
    "com.openshift.jenkins.plugins.pipeline.OpenShiftCreator",
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("jsonyaml", ""),
    option("namespace", "test"),
    option("auth-token", ""),
    option("verbose", False),
)

builder(
    "openshift-dep-verify",
    "com.openshift.jenkins.plugins.pipeline.OpenShiftDeploymentVerifier",
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("dep-cfg", "frontend"),
    option("namespace", "test"),
    option("replica-count", 0),
    option("auth-token", ""),
    option("verbose", False),
)

builder(
    "openshift-deployer",
    "com.openshift.jenkins.plugins.pipeline.OpenShiftDeployer",
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("dep-cfg", "frontend"),
    option("namespace", "test"),
    option("auth-token", ""),
    option("verbose", False),
)

builder(
    "openshift-img-tagger",
    "com.openshift.jenkins.plugins.pipeline.OpenShiftImageTagger",
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("test-tag", "origin-nodejs-sample:latest"),
    option("prod-tag", "origin-nodejs-sample:prod"),
    option("namespace", "test"),
    option("auth-token", ""),
    option("verbose", False),
)

builder(
    "openshift-scaler",
    "com.openshift.jenkins.plugins.pipeline.OpenShiftScaler",
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("dep-cfg", "frontend"),
    option("namespace", "test"),
    option("replica-count", 0),
    option("auth-token", ""),
    option("verbose", False),
)

builder(
    "openshift-svc-verify",
    "com.openshift.jenkins.plugins.pipeline.OpenShiftServiceVerifier",
    option("api-url", "https://openshift.default.svc.cluster.local", "apiURL"),
    option("svc-name", "frontend"),
    option("namespace", "test"),
    option("auth-token", ""),
    option("verbose", False),
)
