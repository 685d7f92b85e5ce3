"""`ringtest audit`: who changed what."""

from ringtest.cli.noun import Noun, noun_app

AUDIT = Noun(
    name="audit",
    help="Notes of who changed what, for super administrators.",
    columns=("id", "created_at", "actor_kind", "user_id", "action", "subject_id", "outcome"),
    verbs=("list",),
    example="Example: `ringtest audit list --where action:delete_job_by_id --limit 50`",
)

app = noun_app(AUDIT)


@app.callback()
def _notes() -> None:
    """Keeps `list` a subcommand of its own."""
