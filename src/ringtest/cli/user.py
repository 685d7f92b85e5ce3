"""`ringtest user`."""

from ringtest.cli.fields import Field
from ringtest.cli.noun import Noun, noun_app

USER = Noun(
    name="user",
    help="People, and what they log in with.",
    columns=("id", "name", "fullname", "email", "team.name", "state"),
    fields=(
        Field("name", "Name to log in with.", required=True, positional=True),
        Field("fullname", "Name in full."),
        Field("email", "E-mail address, unique."),
        Field("sso_username", "Name at the single sign-on.", updates=False),
        Field("password", "Password of the new user", "password"),
        Field("keep_tokens", "With a new password: its tokens go on.", "flag", creates=False),
        Field("timezone", "Time zone, such as Europe/Prague."),
    ),
    example="Example: `ringtest user create qe-lead --email qe-lead@example.com --password`",
    sample="qe-lead",
)

app = noun_app(USER)
