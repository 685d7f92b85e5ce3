"""`ringtest issue`: known issues."""

from ringtest.cli.fields import Field
from ringtest.cli.noun import Noun, noun_app

ISSUE = Noun(
    name="issue",
    help="Known issues: rules that name failures which somebody knows.",
    columns=("id", "name", "kind", "pattern", "owner", "expires_at", "expired", "state"),
    fields=(
        Field("name", "What people know it as.", required=True, positional=True),
        Field("kind", "regex, text or signature.", required=True),
        Field("pattern", "Pattern, words, or the id of a failure group.", required=True),
        Field("owner", "Who looks after it.", required=True),
        Field("topic_id", "Only in this topic.", "ref", noun="topic"),
        Field("product_id", "Only in this product.", "ref", noun="product"),
        Field("team_id", "Of this team, for its own jobs.", "ref", noun="team", updates=False),
        Field("expires_at", "When it ends, as 2026-12-31.", option="expires"),
        Field("link", "Where it is written down."),
        Field("note", "What there is to know."),
    ),
    verbs=("list", "show", "add", "edit", "delete"),
    example="Example: `ringtest issue add 'ring stays open' --kind text --pattern 'ring is open' "
    "--owner jo --topic rhel-9 --link https://bugs.example.com/7`",
    sample="'ring stays open'",
)

app = noun_app(ISSUE)
