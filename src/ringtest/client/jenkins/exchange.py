"""One request and its answer: identity, crumbs, retries."""

import itertools
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from ringtest.client.connection import USER_AGENT
from ringtest.client.errors import unreachable_from
from ringtest.client.jenkins.errors import JenkinsError, refusal
from ringtest.client.jenkins.site import Site
from ringtest.client.retry import RETRIED_STATUSES, Retries, wait_asked_for

RETRIES = Retries(attempts=20, first=0.25, most=10.0)
"""Some two minutes: a controller that restarts is waited for."""
UNKNOWN = 3
"""Attempts at an address that has never answered: it may be wrong."""

XML = "application/xml;charset=utf-8"


class Exchange:
    """Sends requests to one controller. Raises JenkinsError and Unreachable, nothing else.

    `requests` counts what was sent, retries and crumbs included.
    """

    def __init__(
        self,
        site: Site,
        *,
        retries: Retries = RETRIES,
        transport: httpx.BaseTransport | None = None,
        connections: int = 16,
    ) -> None:
        self.site = site
        self._counted = itertools.count(1)
        self.requests = 0
        self._answered = False
        self._retries = retries
        self._crumb: dict[str, str] = {}
        self._crumb_lock = threading.Lock()
        auth = httpx.BasicAuth(site.user, site.secret or "") if site.user else None
        self._http = httpx.Client(
            base_url=site.url,
            auth=auth,
            headers={"User-Agent": USER_AGENT},
            timeout=httpx.Timeout(site.timeout, connect=10.0),
            verify=_trusting(site.ca) if site.ca else True,
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            transport=transport,
        )

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def _count(self) -> None:
        self.requests = next(self._counted)  # threads count too

    def get(self, path: str, **params: str | int) -> httpx.Response:
        """What is at a path; tried again until it answers."""
        return self._accepted(self._send("GET", path, params, {}, {}, again=True))

    def json(self, path: str, tree: str, **params: str | int) -> Any:
        """What the remote API says of a path. A tree is a must: without one answers have no end."""
        response = self.get(f"{path}api/json", tree=tree, **params)
        try:
            return response.json()
        except ValueError:
            raise JenkinsError(
                f"{response.url} is not JSON: is {self.site.url} a Jenkins?"
            ) from None

    def post(
        self,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        again: bool,
    ) -> httpx.Response:
        """Change something. `again`: to do it twice is to do it once."""
        headers = {"Content-Type": XML} if content is not None else {}
        body = {"content": content} if content is not None else {"data": dict(form or {})}
        return self._accepted(self._send("POST", path, params or {}, headers, body, again=again))

    @contextmanager
    def opened(self, path: str) -> Iterator[httpx.Response]:
        """An answer whose body is read as it comes."""
        self._count()
        try:
            with self._http.stream("GET", path) as response:
                if response.status_code != 200:
                    response.read()
                    raise refusal(response)
                yield response
        except httpx.RequestError as error:
            raise unreachable_from(error, self.site.url) from error

    def unless_done(
        self, send: Callable[[], httpx.Response], done: Callable[[], bool]
    ) -> httpx.Response | None:
        """Send what must not be done twice: after a lost answer look first whether it is done.

        None when it turned out to be done already.
        """
        backoff = self._retries.backoff()
        for left in range(self._retries.attempts - 1, -1, -1):
            try:
                return send()
            except Exception as error:
                if not left or not _may_be_lost(error):
                    raise
            if done():
                return None
            time.sleep(backoff.next())
        raise AssertionError("attempts is at least 1")

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int],
        headers: Mapping[str, str],
        body: Mapping[str, Any],
        *,
        again: bool,
    ) -> httpx.Response:
        backoff = self._retries.backoff()
        attempts = self._retries.attempts if again else 1
        crumbs_left = 2  # one that was never asked for, one whose session is lost
        while True:
            attempts -= 1
            crumb = self._crumb if method == "POST" else {}
            response = self._once(method, path, params, {**headers, **crumb}, body, attempts)
            if response is None:
                time.sleep(backoff.next())
            elif response.status_code == 403 and method == "POST" and crumbs_left:
                crumbs_left -= 1
                if not self._renew_crumb(crumb):
                    return response
                attempts += 1
            elif response.status_code in RETRIED_STATUSES and attempts > 0:
                time.sleep(max(backoff.next(), wait_asked_for(response.headers)))
            else:
                return response

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str | int],
        headers: Mapping[str, str],
        body: Mapping[str, Any],
        attempts: int,
    ) -> httpx.Response | None:
        """One attempt; None when there was no answer and there are attempts left."""
        self._count()
        try:
            response = self._http.request(
                method, path, params=dict(params), headers=dict(headers), **body
            )
        except httpx.RequestError as error:
            given_up = not self._answered and attempts <= self._retries.attempts - UNKNOWN
            if attempts > 0 and not given_up:
                return None
            raise unreachable_from(error, self.site.url) from error
        self._answered = True
        return response

    def _renew_crumb(self, used: Mapping[str, str]) -> bool:
        """Fetch a crumb unless another thread has; False when there is no point in that.

        The session that it belongs to is kept as a cookie.
        """
        with self._crumb_lock:
            if self._crumb != used:
                return True
            self._count()
            try:
                response = self._http.get("crumbIssuer/api/json")
            except httpx.RequestError as error:
                raise unreachable_from(error, self.site.url) from error
            if response.status_code != 200:
                return False
            fields = response.json()
            fresh = {str(fields["crumbRequestField"]): str(fields["crumb"])}
            if fresh == self._crumb:
                return False
            self._crumb = fresh
            return True

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        """Jenkins answers changes with the page to look at next."""
        moved = response.is_redirect and response.request.method == "POST"
        if response.is_success or (moved and "login" not in response.headers["Location"]):
            return response
        raise refusal(response)


def _trusting(ca: str) -> ssl.SSLContext:
    """The usual authorities, and those of a site. JenkinsError when there are none in it."""
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(cadata=ca)
    except (ssl.SSLError, ValueError):
        raise JenkinsError("the certificates to trust are not in PEM form") from None
    return context


def _may_be_lost(error: Exception) -> bool:
    """True when it may have been done although no answer says so."""
    status = getattr(error, "status", None)
    return status in RETRIED_STATUSES or not isinstance(error, JenkinsError)
