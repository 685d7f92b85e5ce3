"""Sources in Perforce."""

from ringtest.jjb.components.kinds import scm
from ringtest.jjb.components.parts import REQUIRED, maybe, text
from ringtest.jjb.components.shapes import choose, node, present

CHARSET = (
    maybe("workspace-charset", "none", "charset"),
    maybe("workspace-pin-host", False, "pinHost"),
    maybe("workspace-name", "", "name"),
    maybe("workspace-cleanup", tag="cleanup"),
)

WORKSPACE = "org.jenkinsci.plugins.p4.workspace."
POPULATE = "org.jenkinsci.plugins.p4.populate."

SPEC = node(
    "spec",
    maybe("spec-allwrite", False, "allwrite"),
    maybe("spec-clobber", False, "clobber"),
    maybe("spec-compress", False, "compress"),
    maybe("spec-locked", False, "locked"),
    maybe("spec-modtime", False, "modtime"),
    maybe("spec-rmdir", False, "rmdir"),
    maybe("spec-line", "", "line"),
    maybe("spec-view", "", "view"),
    maybe("spec-type", "", "type"),
    maybe("spec-backup", False, "backup"),
    maybe("spec-stream-name", "", "streamName"),
)

POPULATED = (
    maybe("populate-have-list", False, "have"),
    maybe("populate-force-sync", False, "force"),
    maybe("populate-modtime", False, "modtime"),
    maybe("populate-quiet", False, "quiet"),
    maybe("populate-label", tag="pin"),
    maybe("populate-revert", tag="revert"),
    maybe("populate-replace", tag="replace"),
    maybe("populate-delete", tag="delete"),
    maybe("populate-tidy", tag="tidy"),
    node(
        "parallel",
        maybe("parallel-enabled", False, "enable"),
        maybe("parallel-threads", "4", "threads"),
        maybe("parallel-minfiles", "1", "minfiles"),
        maybe("parallel-minbytes", "1024", "minbytes"),
    ),
)

scm(
    "p4",
    "scm",
    text("credential", None),
    choose(
        "workspace-type",
        REQUIRED,
        {
            "Static": (node("workspace", *CHARSET, class_=f"{WORKSPACE}StaticWorkspaceImpl"),),
            "Manual": (
                node(
                    "workspace",
                    SPEC,
                    *CHARSET,
                    class_=f"{WORKSPACE}ManualWorkspaceImpl",
                ),
            ),
        },
    ),
    present(
        "view-mask",
        node(
            "filter",
            node(
                "org.jenkinsci.plugins.p4.filters.FilterViewMaskImpl",
                maybe("view-mask"),
            ),
        ),
    ),
    choose(
        "populate-type",
        REQUIRED,
        {
            "SyncOnly": (node("populate", *POPULATED, class_=f"{POPULATE}SyncOnlyImpl"),),
            "AutoClean": (node("populate", *POPULATED, class_=f"{POPULATE}AutoCleanImpl"),),
        },
    ),
    class_="org.jenkinsci.plugins.p4.PerforceScm",
    plugin="p4",
)
