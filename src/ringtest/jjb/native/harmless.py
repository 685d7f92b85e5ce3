"""Components that ask for nothing that a native run leaves out, and why. Pure tables."""

from collections.abc import Mapping

_STARTS = "you start it yourself"
_QUEUE = "there is no queue"
_HISTORY = "folders of runs are kept until somebody deletes them"
_PAGES = "there is no page of Jenkins to show it"
_MAIL = "nobody is mailed"

_BY_SECTION: Mapping[str, Mapping[str, str]] = {
    "properties": {
        "jenkins.model.BuildDiscarderProperty": _HISTORY,
        "hudson.plugins.buildblocker.BuildBlockerProperty": _QUEUE,
        "hudson.plugins.throttleconcurrents.ThrottleJobProperty": _QUEUE,
        "org.jenkins.plugins.lockableresources.RequiredResourcesProperty": "nobody else is asked",
        "org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty": _QUEUE,
        "com.coravy.hudson.plugins.github.GithubProjectProperty": _PAGES,
        "com.sonyericsson.rebuild.RebuildSettings": _PAGES,
        "com.dabsquared.gitlabjenkins.connection.GitLabConnectionProperty": _PAGES,
        "hudson.plugins.sidebar__link.ProjectLinks": _PAGES,
        "hudson.plugins.jira.JiraProjectProperty": _PAGES,
        "hudson.security.AuthorizationMatrixProperty": "this machine's users are asked for nothing",
        "org.jenkinsci.plugins.ownership.model.jobs.JobOwnerJobProperty": _PAGES,
        "hudson.plugins.heavy__job.HeavyJobProperty": _QUEUE,
        "hudson.queueSorter.PrioritySorterJobProperty": _QUEUE,
        "jenkins.advancedqueue.priority.strategy.PriorityJobProperty": _QUEUE,
        "hudson.plugins.copyartifact.CopyArtifactPermissionProperty": _PAGES,
        "hudson.plugins.disk__usage.DiskUsageProperty": _PAGES,
    },
    "publishers": {
        "hudson.tasks.Mailer": _MAIL,
        "hudson.plugins.emailext.ExtendedEmailPublisher": _MAIL,
        "jenkins.plugins.slack.SlackNotifier": "nobody is told",
        "hudson.plugins.ircbot.IrcPublisher": "nobody is told",
        "hudson.tasks.Fingerprinter": _PAGES,
        "hudson.plugins.plot.PlotPublisher": _PAGES,
        "hudson.plugins.claim.ClaimPublisher": _PAGES,
    },
    "wrappers": {
        "hudson.plugins.timestamper.TimestamperBuildWrapper": "log lines are kept as printed",
        "hudson.plugins.ansicolor.AnsiColorBuildWrapper": "colours are kept as printed",
        "hudson.plugins.locksandlatches.LockWrapper": _QUEUE,
    },
    "job": {
        "actions": "",
        "keepDependencies": "",
        "blockBuildWhenDownstreamBuilding": "",
        "blockBuildWhenUpstreamBuilding": "",
        "concurrentBuild": "",
        "canRoam": "",
        "authToken": _STARTS,
        "quietPeriod": _QUEUE,
        "logRotator": _HISTORY,
        "displayName": _PAGES,
        "description": "",
        "assignedNode": "this machine is the node",
        "disabled": "a job that is disabled is run when you say so",
    },
}


def of(section: str, kind: str) -> str | None:
    """Why a component changes nothing here; None when it is not known to."""
    if section == "triggers":
        return _STARTS
    return _BY_SECTION.get(section, {}).get(kind)
