"""Identity, crumbs, restarts, lists and configurations, against the stand-in."""

import threading

import httpx
import pytest

from ringtest.client.errors import Unreachable
from ringtest.client.jenkins import (
    Controller,
    JenkinsError,
    Missing,
    NameTaken,
    Refused,
    Site,
)
from ringtest.client.retry import Retries
from tests.client.jenkins.conftest import Login
from tests.jenkins_server import JenkinsServer

JOB = b"<project><description>one</description></project>"
FOLDER = b"<com.cloudbees.hudson.plugins.folder.Folder/>"


def never(config: bytes) -> bool:
    return False


def test_token_needs_no_crumb(server: JenkinsServer, controller: Controller) -> None:
    controller.create("job", "one", JOB, made=never)
    assert server.requests == [("POST", "/createItem?name=one", 200)]


def test_password_fetches_one_crumb_when_it_is_asked_for(
    server: JenkinsServer, login: Login
) -> None:
    controller = login(secret="password-of-admin")
    controller.listing()
    for name in ("one", "two"):
        controller.create("job", name, JOB, made=never)
    assert [(path, status) for _, path, status in server.requests[1:]] == [
        ("/createItem?name=one", 403),
        ("/crumbIssuer/api/json", 200),
        ("/createItem?name=one", 200),
        ("/createItem?name=two", 200),
    ]


def test_lost_session_gets_another_crumb(server: JenkinsServer, login: Login) -> None:
    controller = login(secret="password-of-admin")
    controller.create("job", "one", JOB, made=never)
    server.restart()
    controller.change("job", "one", JOB.replace(b"one", b"two"))
    assert "two" in server.controller.item("one").config


def test_many_threads_share_a_crumb(server: JenkinsServer, login: Login) -> None:
    controller = login(secret="password-of-admin")

    def create(name: str) -> None:
        controller.create("job", name, JOB, made=never)

    threads = [threading.Thread(target=create, args=(f"job-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.controller.top.children) == 8
    assert sum("crumbIssuer" in path for _, path, _ in server.requests) == 1


def test_account_without_the_right_is_told_so(login: Login) -> None:
    controller = login("reader", "token-of-reader")
    with pytest.raises(Refused, match="missing the Job/Configure permission"):
        controller.create("job", "one", JOB, made=never)


def test_wrong_secret_is_refused_once(server: JenkinsServer, login: Login) -> None:
    with pytest.raises(Refused, match="Invalid password"):
        login(secret="wrong").listing()
    assert len(server.requests) == 1


def test_restart_is_waited_for(server: JenkinsServer, controller: Controller) -> None:
    server.restart()
    assert controller.listing().items == {}
    assert [status for _, _, status in server.requests] == [503, 503, 503, 200]


def test_creation_whose_answer_is_lost_is_not_done_twice(
    server: JenkinsServer, controller: Controller
) -> None:
    server.fail("POST", "createItem", "unanswered")
    controller.create("job", "one", JOB, made=lambda config: b"one" in config)
    assert [each[0] for each in server.requests] == ["POST", "GET"]
    server.fail("POST", "createItem", "unheard")
    controller.create("job", "two", JOB, made=lambda config: b"one" in config)
    assert set(server.controller.top.children) == {"one", "two"}


def test_name_of_somebody_else_is_refused(server: JenkinsServer, controller: Controller) -> None:
    controller.create("job", "one", JOB, made=never)
    with pytest.raises(NameTaken):
        controller.create("job", "one", JOB.replace(b"one", b"two"), made=never)
    controller.create("job", "one", JOB, made=lambda config: b"one" in config)


def test_deleting_what_is_gone_is_fine(server: JenkinsServer, controller: Controller) -> None:
    controller.create("job", "one", JOB, made=never)
    server.fail("POST", "doDelete", "unanswered")
    controller.delete("job", "one")
    controller.delete("job", "one")
    with pytest.raises(Missing):
        controller.config("job", "one")


def test_a_thousand_jobs_are_listed_in_two_requests(
    server: JenkinsServer, controller: Controller
) -> None:
    for number in range(1000):
        server.controller.create(server.controller.top, f"job-{number}", JOB)
    assert len(controller.listing().items) == 1000
    assert len(server.requests) == 2


def test_folders_and_views_at_any_depth_are_listed(
    server: JenkinsServer, controller: Controller
) -> None:
    name = ""
    for part in "abcde":
        name = f"{name}/{part}".lstrip("/")
        controller.create("job", name, FOLDER, made=never)
    controller.create("job", "a/b/c/d/e/job", JOB, made=never)
    controller.create("view", "a/b/mine", b"<hudson.model.ListView/>", made=never)
    controller.set_disabled("a/b/c/d/e/job", True)
    listing = controller.listing()
    job = listing.items["a/b/c/d/e/job"]
    assert (job.disabled, job.description, job.is_folder) == (True, "one", False)
    assert listing.items["a/b/c/d/e"].is_folder
    assert "a/b/mine" in listing.views


def test_long_folders_are_read_to_their_end(server: JenkinsServer, controller: Controller) -> None:
    controller.create("job", "team", FOLDER, made=never)
    for number in range(1200):
        server.controller.create(server.controller.item("team"), f"job-{number}", JOB)
    assert len(controller.listing().items) == 1201


def test_no_answer_names_the_controller() -> None:
    site = Site("http://127.0.0.1:9/", "admin", "token")
    with (
        Controller(site, retries=Retries(attempts=2, first=0.001)) as controller,
        pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"),
    ):
        controller.listing()


def test_address_that_never_answered_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    with Controller(Site("http://127.0.0.1:9/")) as controller, pytest.raises(Unreachable):
        controller.listing()
    assert len(waited) == 2


def test_what_is_no_jenkins_is_named(server: JenkinsServer) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text="<html>welcome</html>")

    transport = httpx.MockTransport(page)
    with (
        Controller(Site(server.url), transport=transport) as controller,
        pytest.raises(JenkinsError, match="is not JSON"),
    ):
        controller.listing()


def test_plugins_are_sorted_by_name(controller: Controller) -> None:
    plugins = controller.plugins()
    assert plugins[0].keys() == {"shortName", "longName", "version"}
    assert [each["shortName"] for each in plugins] == sorted(each["shortName"] for each in plugins)
