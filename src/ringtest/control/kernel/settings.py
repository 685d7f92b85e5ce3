"""Settings: environment variables in, one frozen object out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from ringtest.control.kernel.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the server; the variable is RINGTEST_ + the name in capitals."""

    data: Path = Path("ringtest-data")
    """Folder of the embedded database, the objects and the server's key."""
    objects: str = "disk:"
    """Where files live: disk: (in the data folder), disk:/folder or s3://bucket/prefix."""
    downloads: str = "redirect"
    """Files by path and files of /api/v2: redirect to the object store if it can, or stream."""
    rhdl_url: str = ""
    """RHDL service to which files of components tagged rhdl (with /api/v2 all) are redirected."""
    database_url: str = ""
    """DSN of an existing PostgreSQL; empty: start one in the data folder."""
    postgres: str = ""
    """Which PostgreSQL: dsn, system or wheel; empty: the first of these that there is."""
    secret_key: str = ""
    """Encrypts stored keys; empty: made once and kept in the data folder."""
    admin_password: str = ""
    """Password of the user `admin` at first start; empty: a random one, printed once."""
    super_admin_team: str = "admin"
    """Members of this team may do everything."""
    epm_team: str = "EPM"
    """Members of this team read everything and manage teams, topics and components."""
    read_only_team: str = "Red Hat"
    """Members of this team read everything."""
    max_body: int = 20 * 1024 * 1024
    """Bytes of a JSON request body."""
    max_file: int = 10 * 1024 * 1024 * 1024
    """Bytes of an uploaded file."""
    inline_file: int = 16 * 1024
    """Files of jobs up to so many bytes are kept in the database."""
    upload_days: int = 7
    """An upload that may go on and that nobody goes on with is forgotten after so many days."""
    lease_seconds: int = 60
    """An agent that is silent for so long has lost its job."""
    heartbeat_seconds: int = 15
    """How often an agent speaks when it has nothing to tell."""
    delivery_seconds: int = 120
    """What a killed process was sending is sent again after so long; more than any receiver
    may take to answer."""
    mail_from: str = "ringtest@localhost"
    """Sender of mails."""
    smtp_url: str = "smtp://127.0.0.1:25"
    """Mail server: smtp://host:port or smtps://user:password@host:port."""
    redact: str = ""
    """More that is replaced in logs before they are stored: a line `kind: pattern` (RE2) each;
    of a pattern with a group, what the group holds."""
    retention: str = ""
    """Days after which archived rows go for good, as jobs=365,files=90; empty: never by
    themselves."""
    results_keep_months: int = 0
    """Whole months, beside this one, of which test results are kept; older ones go, files and
    jobs stay; 0: for ever."""
    archive: int = 1
    """1: results of months that are over are written as Parquet files into the object store, and
    kept in the database until they are; 0: they are not."""
    archive_memory: int = 512
    """MiB that a question in SQL may take."""
    key_hours: int = 24
    """How long the answer to a request with an Idempotency-Key is kept for a repetition."""
    audit_days: int = 365
    """Days after which notes of who changed what are forgotten; 0: never."""
    access_log: str = "off"
    """json: one line for each request, without query strings, bodies and secrets; off."""
    metrics: str = "local"
    """Who may read /metrics: local (this machine, not through a proxy), off, or everybody
    who sends `Authorization: Bearer` with the token given here (at least 16 characters)."""
    metrics_listen: str = ""
    """HOST:PORT where this process alone answers /metrics and /health; worker N of several
    takes PORT + N."""
    drain_seconds: int = 2
    """At a stop, how long open connections get to ask once more before they are closed."""
    grace_seconds: int = 30
    """At a stop, how long requests and loops get to end what they do."""
    connections: int = 10
    """Connections of this process to its database."""
    radius_minimum: int = 5
    """How many other teams a number that partners read of them stands for at least."""
    webhook_networks: str = ""
    """Networks that webhooks of teams may reach although they are not public:
    10.1.0.0/16,fd00::/8."""
    public_url: str = ""
    """Address people reach the server at, for links in reports; empty: as it listens."""
    certification_url: str = ""
    """XML-RPC address of the vendor's certification tool; empty: there is none."""
    certification_method: str = "Cert.uploadTestLog"
    """What the certification tool calls an upload."""
    sso_url: str = ""
    """Address of a Keycloak; with sso_realm it names the provider of single sign-on."""
    sso_realm: str = ""
    """Realm within sso_url."""
    sso_issuer: str = ""
    """Issuer of any OpenID Connect provider, instead of sso_url and sso_realm."""
    sso_public_key: str = ""
    """PEM of the key that signs the provider's tokens; set: the provider is never asked."""
    sso_audiences: str = "api.dci,dci"
    """Bearer tokens for one of these, separated by commas, are for this server."""
    sso_create_users: int = 1
    """1: a person unknown here who comes with a good token becomes a user; 0: is refused."""
    sso_teams: str = ""
    """Teams new users join by claim: `claim.path value -> team`, separated by `;`; empty: the
    read-only team by `realm_access.roles redhat:employees`; `none`: no team."""
    token_max_days: int = 365
    """No API token lives longer."""
    login_failures: int = 10
    """Failed logins of one name within login_window_seconds that close it; 0: never."""
    login_failures_address: int = 100
    """The same for all names that one address tries, and for signatures of one machine there."""
    login_window_seconds: int = 300
    """How long a failed login counts."""
    rate_limit: int = 60_000
    """Requests a minute of one identity; as many at once; 0: no limit."""
    rate_limit_address: int = 120_000
    """Requests a minute of one address (IPv6: of one /64 network); 0: no limit."""
    signature_seconds: int = 900
    """How far the time of a signed request may be off, either way."""
    refuse_replays: int = 0
    """1: a signature of anything but a GET counts once; costs a statement a request."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from RINGTEST_… variables; a value that cannot be read is an error that names it.

    >>> read_settings({"RINGTEST_LEASE_SECONDS": "5"}).lease_seconds
    5
    """
    values: dict[str, object] = {}
    for setting in fields(Settings):
        name = f"RINGTEST_{setting.name.upper()}"
        if name not in environment:
            continue
        text = environment[name]
        default = setting.default
        if isinstance(default, int):
            if not text.isdigit():
                raise BadRequest(f"{name} must be a whole number, not {text!r}")
            values[setting.name] = int(text)
        else:
            values[setting.name] = Path(text) if isinstance(default, Path) else text
    return Settings(**values)  # type: ignore[arg-type]
