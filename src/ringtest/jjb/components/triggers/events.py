"""Triggers of message buses and of trackers."""

from ringtest.jjb.components.kinds import trigger
from ringtest.jjb.components.parts import REQUIRED, constant, option, required, string
from ringtest.jjb.components.shapes import choose, each, given, node, present

CHECK = node(
    "com.redhat.jenkins.plugins.ci.messaging.checks.MsgCheck",
    option("field", ""),
    option("expected-value", ""),
)

trigger(
    "jms-messaging",
    "com.redhat.jenkins.plugins.ci.CIBuildTrigger",
    present("override-topic", node("overrides", string("override-topic", tag="topic"))),
    option("spec", ""),
    option("no-squash", False),
    option("selector", ""),
    option("provider-name", ""),
    given("checks", node("checks", each("checks", CHECK))),
)

JIRA = "com.ceilfors.jenkins.plugins.jiratrigger."

CHANGE = (
    option("field", ""),
    option("new-value", ""),
    option("old-value", ""),
    option("compare-new-value", False, "comparingNewValue"),
    option("compare-old-value", False, "comparingOldValue"),
)

trigger(
    "jira-changelog",
    f"{JIRA}JiraChangelogTrigger",
    option("jql-filter", ""),
    node(
        "changelogMatchers",
        each(
            "changelog-matchers",
            choose(
                "field-type",
                REQUIRED,
                {
                    kind: (
                        node(
                            f"{JIRA}changelog.{name}FieldChangelogMatcher",
                            constant("fieldType", kind),
                            *CHANGE,
                        ),
                    )
                    for kind, name in (("CUSTOM", "Custom"), ("JIRA", "Jira"))
                },
            ),
        ),
    ),
    node(
        "parameterMappings",
        each(
            "parameter-mapping",
            node(
                f"{JIRA}parameter.IssueAttributePathParameterMapping",
                option("jenkins-parameter", ""),
                option("issue-attribute-path", ""),
            ),
        ),
    ),
    plugin="jira-trigger",
)


trigger(
    "rabbitmq",
    "org.jenkinsci.plugins.rabbitmqbuildtrigger.RemoteBuildTrigger",
    given(
        "filters",
        node(
            "filters",
            each(
                "filters",
                node(
                    "org.jenkinsci.plugins.rabbitmqbuildtrigger.Filter",
                    required("field"),
                    required("value"),
                ),
            ),
        ),
    ),
    constant("spec", ""),
    required("token", "remoteBuildToken"),
)

trigger(
    "jira-comment-trigger",
    "com.ceilfors.jenkins.plugins.jiratrigger.JiraCommentTrigger",
    option("jql-filter", ""),
    option("comment-pattern", "(?i)build this please"),
    node(
        "parameterMappings",
        each(
            "parameter-mapping",
            node(
                "com.ceilfors.jenkins.plugins.jiratrigger.parameter.IssueAttributePathParameterMapping",
                option("jenkins-parameter", ""),
                option("issue-attribute-path", ""),
            ),
        ),
    ),
    plugin="jira-trigger",
)
