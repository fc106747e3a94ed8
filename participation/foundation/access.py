"""Access is declared at each view; the application refuses to start where it is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from markupsafe import Markup

from participation.foundation.facts import Refused
from participation.foundation.web import viewer

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
PUBLIC = "public"
CITIZEN = "citizen"

csrf = CSRFProtect()


def public(view: View) -> View:
    """Declare that everybody may see this."""
    return _declare(view, PUBLIC)


def public_without_token(view: View) -> View:
    """Declare a public POST that changes nothing but a cookie of the sender, so that visitors need no token."""
    _declare(view, PUBLIC)
    view.__dict__["needs_token"] = False
    return view


def public_with_own_check(view: View) -> View:
    """Declare a public POST that asks ``token_fits`` itself, since it knows a better way out than a refusal."""
    return public_without_token(view)


def needs(
    *roles: str, keep_fields: bool = True, back_at: str = ""
) -> Callable[[Callable[..., ResponseReturnValue]], Callable[..., ResponseReturnValue]]:
    """Declare that one must be signed in (``citizen``) or hold one of the roles somewhere.

    What a role is good for on a certain thing is decided by the command, on the thing itself.

    :param keep_fields: whether what a visitor typed is kept until they have signed in; never for a vote, of which only
        the page is kept
    :param back_at: id of the part of the page at which a visitor whose fields are not kept goes on after signing in
    """

    def declare(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: Any, **names: Any) -> ResponseReturnValue:
            somebody = viewer()
            if somebody is None:
                return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
            if CITIZEN not in roles and not somebody.roles & set(roles):
                raise Refused()
            return view(*args, **names)

        guarded.__dict__.update(keeps_fields=keep_fields, back_at=back_at)
        return _declare(guarded, *roles)

    return declare


def _declare(view: View, *roles: str) -> View:
    view.__dict__["access"] = roles
    return view


def undeclared(app: Flask) -> list[str]:
    """Return the endpoints whose view says nothing about access."""
    return sorted(name for name, view in app.view_functions.items() if not hasattr(view, "access"))


def check_token() -> None:
    """Refuse a POST without the token of its session.

    A visitor's POST to something that needs an account executes nothing (it is kept until after sign-in), so it needs
    no token and the pages of visitors set no cookie.
    """
    if request.method in {"GET", "HEAD", "OPTIONS"} or request.endpoint is None:
        return
    view = current_app.view_functions.get(request.endpoint)
    if not getattr(view, "needs_token", True):
        return
    if PUBLIC in getattr(view, "access", ()) or viewer() is not None:
        csrf.protect()


def token_fits() -> bool:
    """Say whether this form carries the token of its session."""
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def browser_mark() -> str | None:
    """Return the random mark that a browser carries since it was shown a form with a token, or None."""
    return cookie.get("csrf_token")


def csrf_field(always: bool = False) -> Markup:
    """Return the hidden field without which no form of somebody signed in is taken.

    For visitors it is empty, so that reading sets no cookie.

    :param always: for forms that do something without an account: signing in, registering, reporting
    """
    if not always and viewer() is None:
        return Markup("")
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
