"""Registering, signing in and out, the account, and what was meant to be sent before signing in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, Flask, Response, abort, current_app, flash, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, login_user, logout_user

from participation.accounts import commands, queries
from participation.accounts.facts import (
    INTENTS_AN_HOUR,
    LETTERS_AN_HOUR,
    SIGN_INS_A_QUARTER,
    ConsentMissing,
    IntentGone,
    Limit,
    Link,
    LinkSpent,
    NotFresh,
    Opened,
    SignedIn,
    WrongCredentials,
    WrongPassword,
    device_words,
    fits_into_an_intent,
    is_never_kept,
    may_set_password_without_present_one,
    network_of,
    typed_lines,
)
from participation.accounts.forms import ConsentForm, LanguageForm, LinkForm, PasswordForm, RegisterForm, SignInForm
from participation.foundation.access import browser_mark, needs, public, public_with_own_check, token_fits
from participation.foundation.i18n import COOKIE, current_language, words_of
from participation.foundation.limits import take
from participation.foundation.web import (
    clock,
    now,
    page,
    person_id,
    read_alone,
    safe_path,
    see_other,
    session,
    this_page,
    viewer,
)

bp = Blueprint("accounts", __name__, template_folder="templates")

INTENT = "vorhaben"
"""The field that carries the number of what somebody meant to send."""
WAYS_IN = {"accounts/register.html": "accounts.register", "accounts/sign_in.html": "accounts.sign_in"}
"""Where the pages of the way in are read, by template; after a mistake their address alone would forget the target."""
RolesOf = Callable[[UUID], frozenset[str]]


# ── From cookie to person ─────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Somebody(SignedIn):
    """Who is signed in, with their roles: read once somebody asks, since a vote or a rating never does."""

    roles_of: RolesOf

    @cached_property
    def roles(self) -> frozenset[str]:
        """Roles held anywhere; what they are good for is decided on the thing itself."""
        return self.roles_of(self.person_id)


class Session(UserMixin):
    """What Flask-Login keeps: a random token, and who it belongs to."""

    def __init__(self, token: str, signed_in: Somebody | None) -> None:
        self.token = token
        self.viewer = signed_in

    def get_id(self) -> str:
        """Return what goes into the signed cookie."""
        return self.token


def open_sessions(app: Flask, roles_of: RolesOf) -> None:
    """Let a cookie's token stand for a person, and send visitors who need to be one to sign in.

    :param roles_of: the roles that a person holds anywhere; a room above accounts knows them
    """
    manager = LoginManager(app)
    manager.session_protection = None

    @manager.user_loader
    def load(token: str) -> Session | None:
        if request.method == "POST":
            read_alone()
        found = queries.signed_in(session(), token=token, now=now())
        return Session(token, Somebody(**vars(found), roles_of=roles_of)) if found else None

    manager.unauthorized_handler(_send_to_sign_in)
    app.before_request(_refuse_what_was_sent)
    app.after_request(_forget_what_was_sent)


def _send_to_sign_in() -> Response:
    """Keep what a visitor sent and let them sign in; of a vote only the page is kept."""
    if request.endpoint == "accounts.sign_out":
        return see_other(url_for("accounts.sign_in"))
    if request.method != "POST":
        return see_other(url_for("accounts.sign_in", next=request.full_path.removesuffix("?")))
    view = current_app.view_functions[request.endpoint or ""]
    typed = request.form.items(multi=True)
    fields = [(name, value.replace("\0", "")) for name, value in typed if not is_never_kept(name)]
    if not getattr(view, "keeps_fields", True) or not fits_into_an_intent(fields) or _comes_from_elsewhere():
        part = getattr(view, "back_at", "")
        return see_other(url_for("accounts.sign_in", next=f"{this_page()}#{part}" if part else this_page(), nochmal=1))
    _take(INTENTS_AN_HOUR)
    kept = commands.keep_intent(session(), path=request.path, fields=fields, page=this_page(), clock=clock)
    return see_other(url_for("accounts.sign_in", vorhaben=kept))


def _comes_from_elsewhere() -> bool:
    """Say whether another site made the browser send this: nobody shall put words into a visitor's mouth."""
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def _sent_intent() -> UUID | None:
    """Return the number of the intent whose form this is; the forms of this room only pass it on."""
    if request.method != "POST" or request.blueprint == bp.name or INTENT not in request.form or viewer() is None:
        return None
    return _intent_id()


def _refuse_what_was_sent() -> None:
    """Stop a second click and the back button: what was sent is gone."""
    kept = _sent_intent()
    if kept is not None:
        queries.kept_intent(session(), intent_id=kept, person_id=person_id())


def _forget_what_was_sent(response: Response) -> Response:
    """Delete what was sent once it arrived; as long as it is refused, it is kept.

    After a refusal the form is not even looked at: it may be too large to be read.
    """
    kept = _sent_intent() if response.status_code < 400 else None
    if kept is not None:
        commands.forget_intent(session(), intent_id=kept, person_id=person_id())
    return response


# ── Signing in and out ────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/anmelden")
@public
def sign_in() -> ResponseReturnValue:
    """Ask for a password or an address to send a link to."""
    return see_other(_target(_intent_id())) if viewer() else _sign_in_page(SignInForm())


@bp.post("/anmelden")
@public
def open_session() -> ResponseReturnValue:
    """Sign in by password."""
    form = SignInForm(request.form)
    if not form.validate():
        return _sign_in_page(form, 422)
    _take(SIGN_INS_A_QUARTER, form.address)
    try:
        return _enter(_by_password(form.address, form.password.data or ""), by_link=False)
    except WrongCredentials as wrong:
        form.password.errors = [words_of(wrong)]
        return _sign_in_page(form, 422)


def _by_password(address: str, password: str) -> Opened:
    known = queries.credentials(session(), email=address)
    # The check takes longer than all statements together; nobody shall wait for the connection meanwhile.
    session().rollback()
    fits = commands.password_fits(password, known.password_hash)
    if not fits or known.person_id is None or known.password_hash is None:
        raise WrongCredentials()
    return commands.begin_sign_in(
        session(),
        person_id=known.person_id,
        verified_hash=known.password_hash,
        device=_device(),
        intent_id=_intent_id(),
        clock=clock,
    )


def _enter(opened: Opened, *, by_link: bool) -> Response:
    """Put the new token into an empty cookie, so that nothing planted before survives, and go on."""
    before = viewer()
    if before is not None:
        _end(cast(SignedIn, before).sign_in_id)
    cookie.clear()
    cookie.permanent = True
    cookie["by_link"] = by_link
    login_user(Session(opened.token, None))
    return see_other(_target(opened.intent_id))


@bp.post("/abmelden")
@needs("citizen", keep_fields=False)
def sign_out() -> ResponseReturnValue:
    """End this session here and on the server."""
    _end(_me().sign_in_id)
    logout_user()
    cookie.clear()
    return see_other("/")


def _end(sign_in_id: int) -> None:
    commands.end_sign_in(session(), person_id=_me().person_id, sign_in_id=sign_in_id, clock=clock)


# ── Registering and links by mail ─────────────────────────────────────────────────────────────────────────────────────
@bp.get("/registrieren")
@public
def register() -> ResponseReturnValue:
    """Ask for an address and the terms."""
    return see_other(_target(_intent_id())) if viewer() else _with_target("accounts/register.html", RegisterForm())


@bp.post("/registrieren")
@public
def request_account() -> ResponseReturnValue:
    """Send a link that makes an account."""
    form = RegisterForm(request.form)
    if not form.validate():
        return _with_target("accounts/register.html", form, 422)
    return _send_link(form.address, agreed=True)


@bp.post("/anmeldelink")
@public
def request_link() -> ResponseReturnValue:
    """Send a link to sign in."""
    form = LinkForm(request.form)
    if not form.validate():
        return _sign_in_page(form, 422)
    return _send_link(form.address, agreed=False)


def _send_link(address: str, *, agreed: bool) -> Response:
    _take(LETTERS_AN_HOUR, address)
    commands.request_link(
        session(),
        email=address,
        agreed=agreed,
        language=current_language(),
        next_path=safe_path(request.values.get("next"), default="") or None,
        intent_id=_intent_id(),
        clock=clock,
    )
    current_app.extensions["jobs"].nudge("letters")
    cookie["letter_to"] = address
    return see_other(url_for("accounts.letter_sent", **_handed_on()))


@bp.get("/anmeldelink")
@public
def letter_sent() -> ResponseReturnValue:
    """Say that a letter is on its way, whoever it is for."""
    return page("accounts/letter_sent.html", address=cookie.get("letter_to"), target=_handed_on())


@bp.get("/anmeldelink/<token>")
@public
def link(token: str) -> ResponseReturnValue:
    """Show the button that uses the link: programs that follow the links in mails press none."""
    try:
        return _link_page(token, queries.link(session(), token=token, now=now()), ConsentForm())
    except LinkSpent:
        return _after_the_link(token)


@bp.post("/anmeldelink/<token>")
@public_with_own_check
def use_link(token: str) -> ResponseReturnValue:
    """Use the link, once. A second tap ends where the first one does, whichever answer the browser waits for."""
    form = ConsentForm(request.form)
    try:
        if not token_fits():
            # The first tap has signed in already, and the form is older than that; or cookies are refused.
            return _link_page(token, queries.link(session(), token=token, now=now()), form, 400)
        opened = commands.use_link(
            session(), token=token, agreed=form.agreed.data, device=_device(), clock=clock, browser=browser_mark()
        )
    except LinkSpent:
        return _after_the_link(token)
    except ConsentMissing:
        form.validate()
        return _link_page(token, queries.link(session(), token=token, now=now()), form, 422)
    return _enter(opened, by_link=True)


def _link_page(token: str, found: Link, form: ConsentForm, status: int = 200) -> Response:
    failed = status == 400
    next_path = request.values.get("next")
    return page("accounts/link.html", status, token=token, link=found, form=form, next=next_path, failed=failed)


def _after_the_link(token: str) -> Response:
    """Let whoever clicked twice go on; offer a new link to everybody else."""
    address = queries.address_of_spent_link(session(), token=token)
    if viewer() and _me().email == address:
        return see_other(_target(None))
    return _with_target("accounts/link_spent.html", LinkForm(), 410)


# ── What was meant to be sent ─────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/fortsetzen/<uuid:intent_id>")
@needs("citizen")
def resume(intent_id: UUID) -> ResponseReturnValue:
    """Offer to send what was typed before signing in."""
    kept = queries.kept_intent(session(), intent_id=intent_id, person_id=person_id())
    return page("accounts/resume.html", intent=kept, lines=typed_lines(kept.fields))


@bp.post("/fortsetzen/<uuid:intent_id>/loeschung")
@needs("citizen", keep_fields=False)
def drop(intent_id: UUID) -> ResponseReturnValue:
    """Forget what was typed and go back to where it was."""
    try:
        kept = queries.kept_intent(session(), intent_id=intent_id, person_id=person_id())
    except IntentGone:
        return see_other("/")
    commands.forget_intent(session(), intent_id=intent_id, person_id=person_id())
    return see_other(safe_path(kept.page))


# ── The account ───────────────────────────────────────────────────────────────────────────────────────────────────────
@bp.get("/konto")
@needs("citizen")
def account() -> ResponseReturnValue:
    """Show the account and what can be changed."""
    return _account_page(PasswordForm())


@bp.post("/konto/sprache")
@needs("citizen", keep_fields=False)
def speak() -> ResponseReturnValue:
    """Set the language of the account and of this browser."""
    form = LanguageForm(request.form)
    if not form.validate():
        abort(422)
    commands.set_language(session(), person_id=person_id(), language=form.language.data)
    answer = see_other(url_for("accounts.account"))
    answer.delete_cookie(COOKIE)
    return answer


@bp.post("/konto/passwort")
@needs("citizen", keep_fields=False)
def change_password() -> ResponseReturnValue:
    """Set a new password; all other sessions end."""
    form = PasswordForm(request.form)
    if not form.validate():
        return _account_page(form, 422)
    _take(SIGN_INS_A_QUARTER, str(person_id()))
    try:
        verified = _present_hash(form.current_password.data or "")
    except (WrongPassword, NotFresh) as wrong:
        form.current_password.errors = [words_of(wrong)]
        return _account_page(form, 422)
    commands.change_password(
        session(),
        person_id=person_id(),
        sign_in_id=_me().sign_in_id,
        verified_hash=verified,
        new_hash=commands.password_hash(form.new_password.data or ""),
        clock=clock,
    )
    flash(_("Ihr neues Passwort gilt. Auf anderen Geräten sind Sie jetzt abgemeldet."), "success")
    return see_other(url_for("accounts.account"))


def _present_hash(typed: str) -> str | None:
    """Return the present hash once it is proved that its owner sits here: by the password, or by a fresh link."""
    kept = queries.password_hash_of(session(), person_id())
    session().rollback()
    if kept is not None and typed:
        if not commands.password_fits(typed, kept):
            raise WrongPassword()
    elif not _is_fresh():
        raise NotFresh() if kept is None else WrongPassword()
    return kept


@bp.post("/konto/anmeldungen/<int:sign_in_id>/ende")
@needs("citizen", keep_fields=False)
def end_session(sign_in_id: int) -> ResponseReturnValue:
    """End one session of one's own."""
    _end(sign_in_id)
    flash(_("Die Anmeldung ist beendet."), "success")
    return see_other(url_for("accounts.account"))


def _account_page(form: PasswordForm, status: int = 200) -> Response:
    me = _me()
    return page(
        "accounts/account.html",
        status,
        me=me,
        language_form=LanguageForm(data={"language": me.language}),
        password_form=form,
        asks_present_password=me.has_password and not _is_fresh(),
        may_set_password=me.has_password or _is_fresh(),
        sessions=queries.sessions_of(session(), person_id=me.person_id, now=now()),
    )


# ── What the pages share ──────────────────────────────────────────────────────────────────────────────────────────────
def _me() -> SignedIn:
    return cast(SignedIn, viewer())


def _is_fresh() -> bool:
    return may_set_password_without_present_one(by_link=bool(cookie.get("by_link")), since=_me().since, now=now())


def _device() -> str:
    return device_words(request.user_agent.string)


def _take(limit: Limit, whom: str | None = None) -> None:
    """Count one try by the network it comes from and, with fewer admitted, for the address it is about."""
    network = network_of(request.remote_addr or "")
    take(session(), key=f"{limit.what}:{network}", most=limit.most_by_network, per=limit.per, clock=clock)
    if whom is not None:
        take(session(), key=f"{limit.what}:{whom}", most=limit.most, per=limit.per, clock=clock)


def _intent_id() -> UUID | None:
    try:
        return UUID(request.values.get(INTENT, ""))
    except ValueError:
        return None


def _target(intent_id: UUID | None) -> str:
    return url_for("accounts.resume", intent_id=intent_id) if intent_id else safe_path(request.values.get("next"))


def _with_target(template: str, form: LinkForm | RegisterForm | SignInForm, status: int = 200) -> Response:
    """Show a page of the way in, which hands on what comes after it."""
    target = _handed_on()
    sent = request.method == "POST" and template in WAYS_IN
    back_here = {"back_here": url_for(WAYS_IN[template], **target)} if sent else {}
    return page(template, status, form=form, target=target, **back_here)


def _handed_on() -> dict[str, Any]:
    """Return what comes after signing in, for the next page of the way in."""
    return {"next": safe_path(request.values.get("next"), default="") or None, INTENT: _intent_id()}


def _sign_in_page(form: LinkForm | SignInForm, status: int = 200) -> Response:
    return _with_target("accounts/sign_in.html", form, status)
