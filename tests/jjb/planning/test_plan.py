"""What a plan says: create, update, delete, unchanged, and why."""

import pytest

from ringtest.jjb.planning import marks
from ringtest.jjb.planning.model import Desired, Verb
from ringtest.jjb.planning.planner import Plan, plan_deletion
from tests.jjb.planning.conftest import Desk, folder, job, view


def verbs(plan: Plan) -> dict[str, str]:
    return {action.name: action.verb.value for action in plan.actions}


def test_second_apply_writes_nothing(desk: Desk) -> None:
    desired = [job("one"), job("two"), view("mine")]
    assert [outcome.result for outcome in desk.put(*desired)] == ["done"] * 3
    desk.server.requests.clear()
    plan = desk.plan(*desired)
    assert plan.writes == []
    assert (plan.requests, len(desk.server.requests)) == (1, 1)


def test_nothing_changed_costs_a_request_for_each_500_jobs(desk: Desk) -> None:
    desired = [job(f"job-{number:04}") for number in range(1000)]
    server = desk.server.controller
    for each in desired:
        server.create(server.top, each.name, marks.put(each.xml, "default"))
    plan = desk.plan(*desired)
    assert plan.counts()["unchanged"] == 1000
    assert len(desk.server.requests) == 2


def test_first_apply_writes_each_job_in_one_request(desk: Desk) -> None:
    desk.put(job("one"), job("two"))
    assert [each[0] for each in desk.server.requests] == ["GET", "POST", "POST"]


def test_update_shows_what_differs_and_costs_a_read_and_a_write(desk: Desk) -> None:
    desk.put(job("one"), job("two"))
    desk.server.requests.clear()
    plan = desk.plan(job("one", "make -k"), job("two"))
    assert verbs(plan) == {"one": "update", "two": "unchanged"}
    change = plan.writes[0].changes[0]
    assert change.path == "builders/hudson.tasks.Shell/command"
    assert (change.before, change.after) == ("make", "make -k")
    assert not plan.writes[0].drift
    desk.apply(plan)
    assert [each[0] for each in desk.server.requests] == ["GET", "GET", "POST"]
    assert "make -k" in desk.config("one")


def test_edit_in_a_browsers_form_is_found_in_lists_alone(desk: Desk) -> None:
    desk.put(job("one"), job("two"))
    item = desk.server.controller.item("one")
    description = str(item.root.findtext("description"))
    item.set_field("description", description.replace("\r", "\n"))  # what browsers do
    item.set_field("concurrentBuild", "true")
    desk.server.requests.clear()
    plan = desk.plan(job("one"), job("two"))
    assert verbs(plan) == {"one": "update", "two": "unchanged"}
    assert plan.writes[0].drift
    assert [change.path for change in plan.writes[0].changes] == ["concurrentBuild"]
    assert len(desk.server.requests) == 2
    assert desk.plan(job("one"), keep_drift=True).writes == []
    desk.apply(plan)
    assert desk.plan(job("one"), job("two")).writes == []


def test_form_saved_without_a_change_is_written_never(desk: Desk) -> None:
    desk.put(job("one"))
    item = desk.server.controller.item("one")
    item.set_field("description", str(item.root.findtext("description")).replace("\r", "\n"))
    assert desk.plan(job("one")).writes == []


def test_edit_that_keeps_the_mark_is_found_by_verifying(desk: Desk) -> None:
    desk.put(job("one"))
    item = desk.server.controller.item("one")
    item.configure(item.config.replace("make", "rm").encode())
    assert desk.plan(job("one")).writes == []
    plan = desk.plan(job("one"), verify=True)
    assert plan.writes[0].drift
    assert plan.writes[0].changes[0].before == "rm"


def test_job_disabled_by_hand_stays_disabled(desk: Desk) -> None:
    desk.put(job("one"))
    desk.server.controller.item("one").set_field("disabled", "true")
    assert desk.plan(job("one")).writes == []
    desk.put(job("one", "make -k"))
    assert desk.server.controller.item("one").disabled
    assert desk.plan(job("one", "make -k"), verify=True).writes == []


def test_job_that_says_itself_whether_it_is_disabled_is_set_right(desk: Desk) -> None:
    enabled = job("one", more="<disabled>false</disabled>")
    desk.put(enabled)
    desk.server.controller.item("one").set_field("disabled", "true")
    plan = desk.plan(enabled)
    assert [change.path for change in plan.writes[0].changes] == ["disabled"]
    desk.apply(plan)
    assert not desk.server.controller.item("one").disabled


def test_jobs_of_jenkins_jobs_are_adopted_once(desk: Desk) -> None:
    for name in ("same", "old"):
        desired = job(name)
        desk.server.controller.create(desk.server.controller.top, name, desired.xml)
    wanted = [job("same"), job("old", "make -k")]
    plan = desk.plan(*wanted)
    assert verbs(plan) == {"same": "adopt", "old": "update"}
    assert not any(action.drift for action in plan.writes)
    desk.apply(plan)
    assert desk.plan(*wanted).writes == []


def test_job_of_somebody_else_is_named_as_such(desk: Desk) -> None:
    desk.server.controller.create(desk.server.controller.top, "one", b"<project/>")
    assert desk.plan(job("one")).writes[0].reason == "made by somebody else"


def test_only_jobs_of_the_own_set_are_deleted_and_only_when_asked(desk: Desk) -> None:
    desk.put(job("mine"), job("gone"), view("old"))
    desk.put(job("theirs"), set_name="other")
    desk.server.controller.create(desk.server.controller.top, "foreign", b"<project/>")
    desk.server.controller.create(desk.server.controller.top, "builders", job("x").xml)
    assert desk.plan(job("mine")).writes == []
    plan = desk.plan(job("mine"), delete=True)
    assert sorted(verbs(plan).items()) == [
        ("gone", "delete"), ("mine", "unchanged"), ("old", "delete"),
    ]  # fmt: skip
    desk.apply(plan)
    top = desk.server.controller.top
    assert set(top.children) == {"mine", "theirs", "foreign", "builders"}
    assert set(top.views) == {"all"}
    both = desk.plan(job("mine"), delete=True, delete_builders=True)
    assert [action.name for action in both.writes] == ["builders"]


def test_jobs_of_another_set_are_not_taken_by_accident(desk: Desk) -> None:
    desk.put(job("one"), set_name="other")
    plan = desk.plan(job("one"))
    assert verbs(plan) == {"one": "blocked"}
    assert "the set other" in plan.actions[0].reason
    desk.put(job("one"), take_over=True)
    assert desk.plan(job("one")).writes == []


def test_folders_are_made_before_what_is_in_them(desk: Desk) -> None:
    desired = [job("a/b/one"), folder("a/b"), view("a/mine"), folder("a")]
    assert [outcome.result for outcome in desk.put(*desired)] == ["done"] * 4
    desk.server.requests.clear()
    assert desk.plan(*desired).writes == []
    plan = desk.plan(delete=True)
    assert [action.name for action in plan.writes] == ["a/mine", "a/b/one", "a/b", "a"]
    desk.apply(plan)
    assert not desk.server.controller.top.children


def test_missing_folder_blocks_its_jobs_unless_it_may_be_made(desk: Desk) -> None:
    plan = desk.plan(job("a/b/one"), job("two"))
    assert verbs(plan) == {"two": "create", "a/b/one": "blocked"}
    assert "the folder a/b is not there" in plan.of(Verb.BLOCKED)[0].reason
    desk.put(job("a/b/one"), make_folders=True)
    assert desk.plan(job("a/b/one"), make_folders=True).writes == []


def test_folder_with_jobs_of_others_is_not_deleted(desk: Desk) -> None:
    desk.put(folder("team"), job("team/one"))
    server = desk.server.controller
    server.create(server.item("team"), "foreign", b"<project/>")
    plan = desk.plan(delete=True)
    assert verbs(plan) == {"team": "blocked", "team/one": "delete"}


def test_folder_is_deleted_by_name_with_all_that_is_in_it_or_not_at_all(desk: Desk) -> None:
    desk.put(folder("team"), job("team/one"), job("team/two"))
    plan = plan_deletion(desk.controller, ["team", "team/one"], unmanaged=False)
    assert verbs(plan) == {"team": "blocked", "team/one": "delete"}
    plan = plan_deletion(desk.controller, ["team", "team/*"], unmanaged=False)
    assert [action.name for action in plan.writes] == ["team/one", "team/two", "team"]


def test_jenkins_jobs_still_knows_its_own(desk: Desk) -> None:
    desk.put(job("one"))
    description = desk.server.controller.item("one").root.findtext("description") or ""
    assert description.endswith(marks.BUILDER_MARK)


def test_document_that_is_no_xml_blocks_that_job_alone(desk: Desk) -> None:
    desk.put(job("one"), job("two"))
    broken = Desired("job", "one", b"<project><description>\x1b</description></project>")
    assert verbs(desk.plan(broken, job("two"))) == {"one": "blocked", "two": "unchanged"}


def test_existing_only_creates_nothing(desk: Desk) -> None:
    assert desk.plan(job("one"), existing_only=True).actions == []


@pytest.mark.parametrize("text", ["a\r\nb", "tab\there", "größer ☃ 😀", "a &amp; &lt;b&gt; ]]&gt;"])
def test_texts_of_all_kinds_are_unchanged_afterwards(desk: Desk, text: str) -> None:
    desk.put(job("one", text))
    assert desk.plan(job("one", text)).writes == []
    assert desk.plan(job("one", text), verify=True).writes == []
