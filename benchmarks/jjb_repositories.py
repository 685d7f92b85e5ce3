"""Repositories of Jenkins job files in the shape of real ones, made for measuring.

`plain`: three macros and one template, a hundred jobs to a file. `realistic`: what large
public repositories do: shared macros that call macros, included scripts, merge anchors, job
groups, defaults, streams with parameters of their own, and the dozen components that are in
nearly every job.
"""

from pathlib import Path

_PLAIN = """\
- builder:
    name: prepare
    builders:
      - shell: |
          #!/bin/sh -e
          echo preparing {what}
          ./prepare.sh --project {what}
- publisher:
    name: keep
    publishers:
      - archive:
          artifacts: 'out/**/*.log'
          allow-empty: true
      - email:
          recipients: '{mail}'
- wrapper:
    name: usual
    wrappers:
      - timestamps
      - timeout:
          timeout: 60
          fail: true
- job-template:
    name: 'build-{name}-{number}'
    node: '{node}'
    node: builders
    parameters:
      - string:
          name: BRANCH
          default: main
          description: The branch
    builders:
      - prepare:
          what: '{name}'
      - shell: make -C {name} check NUMBER={number}
    publishers:
      - keep:
          mail: team@example.org
    wrappers:
      - usual
"""


def plain(folder: Path, jobs: int) -> None:
    """Jobs of one template, a hundred per file."""
    folder.mkdir(parents=True, exist_ok=True)
    text = _PLAIN.replace("    node: '{node}'\n", "")
    (folder / "000-shared.yaml").write_text(text)
    for first in range(0, jobs, 100):
        numbers = "\n".join(f"      - {n}" for n in range(first, min(first + 100, jobs)))
        (folder / f"project-{first:06}.yaml").write_text(
            f"- project:\n    name: p{first}\n    number:\n{numbers}\n"
            "    jobs:\n      - 'build-{name}-{number}'\n"
        )


def realistic(folder: Path, jobs: int) -> None:
    """About that many jobs: 16 of each project, each project a file of its own."""
    shared = folder / "global"
    scripts = folder / "scripts"
    shared.mkdir(parents=True, exist_ok=True)
    scripts.mkdir(exist_ok=True)
    for name, text in _scripts().items():
        (scripts / name).write_text(text)
    (shared / "defaults.yaml").write_text(_DEFAULTS)
    (shared / "macros.yaml").write_text(_MACROS)
    (shared / "templates.yaml").write_text(_templates())
    for number in range(jobs // 16):
        area = folder / f"project{number:03}"
        area.mkdir(exist_ok=True)
        (area / f"project{number:03}.yaml").write_text(_PROJECT.replace("NUMBER", f"{number:03}"))


def _scripts() -> dict[str, str]:
    long = "\n".join(
        f'if [ "$STEP" = "{n}" ]; then\n  echo "step {n} of $JOB_NAME" >> steps.log\nfi'
        for n in range(30)
    )
    names = ("clean", "fetch", "build", "deploy", "report", "lint", "docs", "sign")
    made = {f"{name}.sh": f"#!/bin/bash -e\n# {name}\n{long}\n" for name in names}
    made["stream.sh"] = (
        "#!/bin/bash -e\nSTREAM={stream}\nPROJECT={project}\n"
        'for item in "${{ITEMS[@]}}"; do\n  echo "$STREAM $PROJECT $item"\ndone\n'
    )
    return made


_DEFAULTS = """\
- defaults:
    name: global
    archive-artifacts: ''
    branch: master
    build-node: centos7-builder-2c-8g
    build-timeout: 60
    git-url: 'ssh://git.example.org:29418'
    java-version: openjdk17
    mvn-opts: ''
    mvn-params: ''
    mvn-version: mvn38
    project-type: freestyle
    stream: master
    submodule_recursive: true
    submodule-timeout: 10
    submodule-disable: false
    disable-job: false
    disabled: false
    recipients: builds@example.org
    build-days-to-keep: 30
"""

_MACROS = """\
- _hidden-common: &common-parameters
    stream: master
    cron: ''
- parameter:
    name: lf-parameters
    parameters:
      - string:
          name: PROJECT
          default: '{project}'
          description: Parameter to identify a project
      - string:
          name: STREAM
          default: '{stream}'
          description: Stream of the project
      - string:
          name: GERRIT_REFSPEC
          default: 'refs/heads/{branch}'
          description: Which change is built
      - bool:
          name: CLEAN
          default: false
          description: Whether to start from an empty workspace
- property:
    name: lf-properties
    properties:
      - build-discarder:
          days-to-keep: '{days}'
          num-to-keep: 40
          artifact-days-to-keep: -1
          artifact-num-to-keep: 5
- scm:
    name: lf-git
    scm:
      - git:
          credentials-id: '{credentials}'
          url: '{url}/{project}.git'
          refspec: '$GERRIT_REFSPEC'
          branches:
            - 'origin/{branch}'
          skip-tag: true
          wipe-workspace: true
          choosing-strategy: '{strategy}'
          submodule:
            recursive: '{obj:recursive}'
            timeout: '{timeout}'
- wrapper:
    name: lf-wrappers
    wrappers:
      - timeout:
          type: absolute
          timeout: '{timeout}'
          timeout-var: BUILD_TIMEOUT
          fail: true
      - timestamps
      - mask-passwords
      - ssh-agent-credentials:
          users:
            - '{credentials}'
- builder:
    name: lf-clean
    builders:
      - shell: !include-raw-escape: ../scripts/clean.sh
- builder:
    name: lf-java
    builders:
      - config-file-provider:
          files:
            - file-id: global-settings
              variable: GLOBAL_SETTINGS
            - file-id: '{settings}'
              variable: SETTINGS
      - inject:
          properties-content: |
            JAVA_HOME=/usr/lib/jvm/{java}
            SET_JDK_VERSION={java}
- builder:
    name: lf-infra
    builders:
      - lf-clean
      - shell: !include-raw-escape:
          - ../scripts/fetch.sh
          - ../scripts/lint.sh
      - inject:
          properties-file: clouds.env
- builder:
    name: lf-maven
    builders:
      - lf-java:
          java: '{java}'
          settings: '{settings}'
      - shell: |
          #!/bin/bash -e
          export MAVEN_OPTS='{opts}'
          mvn {goals} --global-settings "$GLOBAL_SETTINGS" --settings "$SETTINGS" {params}
- builder:
    name: lf-deploy
    builders:
      - lf-maven:
          java: '{java}'
          settings: '{settings}'
          opts: '{opts}'
          goals: deploy
          params: '{params}'
      - shell: !include-raw-escape: ../scripts/deploy.sh
      - conditional-step:
          condition-kind: current-status
          condition-worst: SUCCESS
          condition-best: SUCCESS
          on-evaluation-failure: dont-run
          steps:
            - shell: !include-raw-escape: ../scripts/sign.sh
- publisher:
    name: lf-publish
    publishers:
      - email-ext:
          attach-build-log: false
          recipients: '{recipients}'
          success: false
          failure: true
      - workspace-cleanup:
          exclude:
            - '**/*.jenkins-trigger'
          fail-build: false
- publisher:
    name: lf-infra-publish
    publishers:
      - postbuildscript:
          builders:
            - role: BOTH
              build-on:
                - SUCCESS
                - UNSTABLE
                - FAILURE
                - ABORTED
              build-steps:
                - shell: !include-raw-escape: ../scripts/report.sh
          mark-unstable-if-failed: true
      - lf-publish:
          recipients: '{recipients}'
- trigger:
    name: lf-triggers
    triggers:
      - timed: '{cron}'
      - gerrit:
          server-name: '{server}'
          trigger-on:
            - patchset-created-event:
                exclude-drafts: true
            - comment-added-contains-event:
                comment-contains-value: '^Patch Set\\s+\\d+:\\s+recheck\\s*$'
          projects:
            - project-compare-type: ANT
              project-pattern: '{project}'
              branches:
                - branch-compare-type: ANT
                  branch-pattern: '**/{branch}'
"""

_TEMPLATE = """\
- job-template:
    name: '{project-name}-KIND-{stream}'
    id: lf-KIND
    <<: *template-defaults
    <<: *template-body
    builders:
      - lf-infra
      - shell: !include-raw: ../scripts/stream.sh
      - inject:
          properties-content: |
            KIND=KIND
            OPTIONS={mvn-params}
      - BUILDER:
          java: '{java-version}'
          settings: '{mvn-settings}'
          opts: '{mvn-opts}'
          goals: clean install
          params: '{mvn-params}'
      - shell: !include-raw-escape: ../scripts/build.sh
      - description-setter:
          description: 'Build {stream}'
"""
_BODY = """\
- template-body: &ignored
    name: unused
- _template-defaults: &template-defaults
    cron: '@weekly'
    gerrit-server: gerrit
    mvn-settings: '{project-name}-settings'
    node: '{build-node}'
    concurrent: true
    java-version: openjdk17
    git-credentials: '{project-name}-key'
    mvn-opts: '-Xmx1024m -Dstream={stream}'
- _template-body: &template-body
    properties:
      - lf-properties:
          days: '{build-days-to-keep}'
    parameters:
      - lf-parameters:
          project: '{project}'
          stream: '{stream}'
          branch: '{branch}'
    scm:
      - lf-git:
          credentials: '{git-credentials}'
          url: '{git-url}'
          project: '{project}'
          branch: '{branch}'
          strategy: default
          recursive: '{obj:submodule_recursive}'
          timeout: '{submodule-timeout}'
    wrappers:
      - lf-wrappers:
          timeout: '{build-timeout}'
          credentials: '{git-credentials}'
    triggers:
      - lf-triggers:
          cron: '{cron}'
          server: '{gerrit-server}'
          project: '{project}'
          branch: '{branch}'
    publishers:
      - lf-infra-publish:
          recipients: '{recipients}'
"""
_KINDS = ("verify", "merge", "stage", "sonar")


def _templates() -> str:
    head = _BODY.split("- _template-defaults", 1)[1]
    made = ["- _template-defaults" + head]
    for kind in _KINDS:
        builder = "lf-maven" if kind in ("verify", "sonar") else "lf-deploy"
        text = _TEMPLATE.replace("KIND", kind).replace("BUILDER", builder)
        if builder == "lf-deploy":
            text = text.replace("          goals: clean install\n", "")
        made.append(text)
    group = "\n".join(f"      - lf-{kind}" for kind in _KINDS)
    made.append(f"- job-group:\n    name: lf-jobs\n    jobs:\n{group}\n")
    return "".join(made)


_PROJECT = """\
- project:
    name: projectNUMBER-jobs
    project-name: projectNUMBER
    project: releng/projectNUMBER
    mvn-params: '-DprojectNUMBER'
    build-timeout: 90
    stream:
      - master:
          branch: master
      - release1:
          branch: stable/release1
          java-version: openjdk11
      - release2:
          branch: stable/release2
      - release3:
          branch: stable/release3
          mvn-params: '-Dlegacy'
    jobs:
      - lf-jobs
- project:
    name: projectNUMBER-views
    project-name: projectNUMBER
    views:
      - view-NUMBER
- view-template:
    name: '{project-name}-view'
    id: view-NUMBER
    regex: '{project-name}-.*'
"""
