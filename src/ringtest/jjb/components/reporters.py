"""Reporters of Maven projects."""

from ringtest.jjb.components.kinds import reporter
from ringtest.jjb.components.parts import maybe, negated, text, written
from ringtest.jjb.components.trends import FINDBUGS

reporter(
    "email",
    "hudson.maven.reporters.MavenMailer",
    text("recipients"),
    written("notify-every-unstable-build", True, negated, "dontNotifyEveryUnstableBuild"),
    maybe("send-to-individuals", False),
    maybe("notify-for-each-module", True, "perModuleEmail"),
)

reporter("findbugs", "hudson.plugins.findbugs.FindBugsReporter", *FINDBUGS, plugin="findbugs")
