"""A stand-in and clients of it that do not wait long before they try again."""

from collections.abc import Callable, Iterator

import pytest

from ringtest.client.jenkins import Controller, Site
from ringtest.client.retry import Retries
from tests.jenkins_server import JenkinsServer, jenkins_server

Login = Callable[..., Controller]


@pytest.fixture
def server() -> Iterator[JenkinsServer]:
    with jenkins_server() as running:
        yield running


@pytest.fixture
def login(server: JenkinsServer) -> Iterator[Login]:
    """Makes controllers for a user and a secret; administrator with a token by default."""
    made: list[Controller] = []

    def one(user: str | None = "admin", secret: str | None = "token-of-admin") -> Controller:
        site = Site(server.url, user, secret, timeout=10.0)
        made.append(Controller(site, retries=Retries(attempts=8, first=0.001, most=0.005)))
        return made[-1]

    yield one
    for each in made:
        each.__exit__(None, None, None)


@pytest.fixture
def controller(login: Login) -> Controller:
    return login()
