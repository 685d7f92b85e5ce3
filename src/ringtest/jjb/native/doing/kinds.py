"""All kinds of actions."""

from ringtest.jjb.native.doing import after, checkout, secrets, steps
from ringtest.jjb.native.doing.registry import Does

KINDS: dict[str, Does] = {
    "shell": steps.shell,
    "inject": steps.inject,
    "inject-output": steps.inject_output,
    "when": steps.when,
    "describe": steps.describe,
    "name": steps.name_build,
    "user": steps.user,
    "timeout-variable": steps.timeout_variable,
    "maven": steps.maven,
    "place-file": steps.place_file,
    "git": checkout.git,
    "bind": secrets.bind,
    "passwords": secrets.passwords,
    "ssh-agent": secrets.ssh_agent,
    "managed-files": secrets.managed_files,
    "archive": after.archive,
    "junit": after.junit,
    "thresholds": after.thresholds,
    "robot": after.robot,
    "after": after.after,
    "on-result": after.on_result,
    "wipe": after.wipe,
    "find-text": after.find_text,
}
