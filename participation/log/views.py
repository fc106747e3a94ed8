"""The log for everybody: checkpoints, the own receipt, and checking a receipt."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from participation.foundation.access import needs, public, public_without_token
from participation.foundation.i18n import words_of
from participation.foundation.paging import key_from
from participation.foundation.web import now, page, person_id, session, settings
from participation.log import queries
from participation.log.facts import LONGEST_RECEIPT, ReceiptUnreadable
from participation.log.forms import ReceiptForm
from participation.voting.keys import KeyFolder

bp = Blueprint("log", __name__, template_folder="templates", url_prefix="/abstimmungen")

PLAIN = "text/plain; charset=utf-8"


@bp.get("/<contest>/pruefpunkte")
@public
def checkpoints(contest: str) -> ResponseReturnValue:
    """List the signed checkpoints of a contest."""
    head = queries.log_head(session(), contest=contest, now=now())
    before = key_from(request.args.get("after"))
    lines = queries.checkpoints(session(), contest_id=head.contest_id, before=before)
    return page("log/checkpoints.html", head=head, lines=lines, first=before is None)


@bp.get("/<contest>/pruefpunkte/<int:size>.txt")
@public
def checkpoint(contest: str, size: int) -> ResponseReturnValue:
    """Return a checkpoint as it was signed."""
    head = queries.log_head(session(), contest=contest, now=now())
    note = queries.checkpoint_note(session(), contest_id=head.contest_id, size=size) or abort(404)
    return Response(note, content_type=PLAIN)


@bp.get("/<contest>/schluessel.txt")
@public
def public_key(contest: str) -> ResponseReturnValue:
    """Return the public key with which checkpoints are checked."""
    head = queries.log_head(session(), contest=contest, now=now())
    return Response(head.log_key + "\n", content_type=PLAIN)


# ── Receipts ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/<contest>/<question>/beleg")
@needs("citizen")
def receipt(contest: str, question: str) -> ResponseReturnValue:
    """Warn, and show the own receipt once that is asked for. No browser keeps the page."""
    found = _own(contest, question)
    shown = request.args.get("zeigen") == "ja"
    return _kept_nowhere(page("log/receipt.html", receipt=found, shown=shown))


@bp.get("/<contest>/<question>/beleg/datei")
@needs("citizen")
def receipt_file(contest: str, question: str) -> ResponseReturnValue:
    """Return the own receipt as a file: with its proof, or without as long as it waits for a checkpoint."""
    found = _own(contest, question)
    return _kept_nowhere(_file(found.proof or found.text + "\n", f"beleg-{contest}-{question}.txt"))


@bp.get("/<contest>/pruefen")
@public
def check(contest: str) -> ResponseReturnValue:
    """Show the form in which everybody checks a receipt."""
    head = queries.log_head(session(), contest=contest, now=now())
    return page("log/check.html", head=head, form=ReceiptForm(), finding=None)


@bp.post("/<contest>/pruefen")
@public_without_token
def find(contest: str) -> ResponseReturnValue:
    """Say what the log knows of a receipt, or hand out the proof. Nothing is written down, and no address says it."""
    head = queries.log_head(session(), contest=contest, now=now())
    form = ReceiptForm(request.form)
    if not form.validate():
        return _kept_nowhere(page("log/check.html", 422, head=head, form=form, finding=None))
    try:
        finding = queries.check_receipt(session(), head=head, text=_brought(form))
    except ReceiptUnreadable as fact:
        form.receipt.errors = [words_of(fact)]
        return _kept_nowhere(page("log/check.html", fact.status, head=head, form=form, finding=None))
    if finding.proof is not None and request.form.get("als") == "datei":
        return _kept_nowhere(_file(finding.proof, f"beweis-{contest}.txt"))
    return _kept_nowhere(page("log/check.html", head=head, form=form, finding=finding))


def _own(contest: str, question: str) -> queries.Receipt:
    return queries.own_receipt(
        session(),
        contest=contest,
        question=question,
        person_id=person_id(),
        now=now(),
        keys=KeyFolder.of(settings()),
    )


def _brought(form: ReceiptForm) -> str:
    """Return what was pasted, else what the file holds."""
    if (form.receipt.data or "").strip():
        return str(form.receipt.data)
    file = request.files.get("file")
    content = file.stream.read(LONGEST_RECEIPT + 1) if file is not None else b""
    return content.decode("utf-8", "replace")


def _file(text: str, name: str) -> Response:
    answer = Response(text, content_type=PLAIN)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _kept_nowhere(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
