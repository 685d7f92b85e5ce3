"""Which keys of a job or view are its content; all others are parameters for its variables."""

_SECTIONS = "parameters properties builders wrappers triggers publishers scm pipeline-scm reporters"
_GENERAL = """
    description project-type folder node jdk actions disabled display-name block-downstream
    block-upstream auth-token concurrent workspace child-workspace quiet-period retry-count
    logrotate raw prebuilders postbuilders hipchat notifications
"""
_KINDS = """
    dsl needs-workspace dsl-file prune-dead-branches days-to-keep number-to-keep
    periodic-folder-trigger github-org script-path execution-strategy yaml-strategy p4-strategy
    axes maven per-module-email sandbox script-id abort-builds
"""
JOB_KEYS = frozenset(f"{_SECTIONS} {_GENERAL} {_KINDS}".split())

_LIST = """
    description filter-executors filter-queue job-name job-filters width alignment columns regex
    recurse regex_to_ignore_on_color_computing categorization_criteria sections text style
"""
_DELIVERY = """
    aggregated-changes-grouping-pattern allow-abort allow-manual-triggers allow-pipeline-start
    allow-rebuild embedded-css full-screen-css link-relative link-to-console-log
    max-number-of-visible-pipelines name no-of-columns no-of-pipelines paging-enabled
    show-absolute-date-time show-aggregated-changes show-aggregated-pipeline show-avatars
    show-changes show-description show-promotions show-static-analysis-results
    show-test-results show-total-build-time update-interval sorting components regexps
"""
_OTHERS = """
    views default-view first-job no-of-displayed-builds title link-style css-Url latest-job-only
    manual-trigger show-parameters parameters-in-headers start-with-parameters
    refresh-frequency definition-header include-std-job-list hide-jenkins-panels use-css-style
    left-portlet-width right-portlet-width top-portlets left-portlets right-portlets
    bottom-portlets
"""
VIEW_KEYS = frozenset(f"{_LIST} {_DELIVERY} {_OTHERS}".split())
DEFAULTS_KEYS = JOB_KEYS | VIEW_KEYS
