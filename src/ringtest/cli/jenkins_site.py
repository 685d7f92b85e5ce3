"""The controller that options, environment and ini files describe, and errors of it in words."""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from ringtest.cli.calls import ask_password, end, problems
from ringtest.cli.config import UsageError
from ringtest.cli.exits import EXIT_NOT_FOUND, EXIT_REFUSED
from ringtest.cli.jenkins_options import Where
from ringtest.client.jenkins import Controller, JenkinsError, Missing, Refused, Site
from ringtest.client.jenkins.site import find_site
from ringtest.jjb import settings
from ringtest.jjb.problems import Failure


@contextmanager
def controller(where: Where) -> Generator[Controller, None, None]:
    """A client of the controller; its errors become a line on stderr and an exit code."""
    with jenkins_problems(), Controller(find(where)) as found:
        yield found


@contextmanager
def jenkins_problems() -> Generator[None, None, None]:
    """As `calls.problems`, and those of Jenkins."""
    with problems():
        try:
            yield
        except Missing as error:
            end(str(error), EXIT_NOT_FOUND)
        except Refused as error:
            end(_advice(error), EXIT_REFUSED)
        except (JenkinsError, Failure) as error:
            end(str(error), EXIT_REFUSED)


def ini(where: Where) -> settings.Settings:
    """What the ini file says; nothing where there is none."""
    path = where.conf or settings.find()
    if where.conf is not None and not where.conf.is_file():
        raise UsageError(f"{where.conf} is not there")
    return settings.read(path) if path else settings.Settings()


def find(where: Where, environment: Mapping[str, str] = os.environ) -> Site:
    """The site; asks for a secret on a terminal. UsageError where no address is known."""
    section = ini(where).sections.get("jenkins", {})
    site = find_site(environment, section, url=where.url, user=where.user)
    if site is None:
        raise UsageError(
            "which Jenkins? Give --url, JENKINS_URL or an ini file of jenkins-jobs with --conf"
        )
    if site.user and not site.secret:
        secret = ask_password(f"Token or password of {site.user}")
        return Site(site.url, site.user, secret, site.timeout)
    return site


def _advice(error: Refused) -> str:
    if error.status == 401:
        return f"{error}. Set JENKINS_USER and JENKINS_TOKEN, or the ini file's user and password"
    if error.status == 403:
        return f"{error}. Does this account have the permission?"
    return str(error)
