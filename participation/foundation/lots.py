"""Drawing lots from a published seed, so that anyone can draw them again, with any language or by hand.

For each name one takes the SHA-256 of four lines (UTF-8, separated by a line feed, none behind the last):
``participation/lots/v1``, what is drawn about, the seed, the name. Written in hexadecimal and sorted, the smallest
comes first. In a shell, for the names a and b::

    for name in a b; do printf 'participation/lots/v1\\nrunde-1/frage/a,b\\n4 8 15\\n%s' $name | sha256sum; done

Nobody can know the order before the seed is known, so the seed has to come from something that nobody controls and
everybody can look up, such as the numbers of a lottery that is drawn after the count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

FORMAT = "participation/lots/v1"


def draw(*, seed: str, about: str, names: Iterable[str]) -> list[str]:
    """Return the names in the order drawn, the first one best placed.

    :param seed: published text; spaces count, so both sides have to write it alike
    :param about: what is drawn about, so that one seed gives different orders for different things
    :param names: each once, in any order
    :raises ValueError: for a name that comes twice, or a text with a line feed, which could be read in two ways
    """
    drawn = list(names)
    if len(set(drawn)) < len(drawn):
        raise ValueError("a name comes twice")
    if any("\n" in text for text in (seed, about, *drawn)):
        raise ValueError("a line feed in a seed or name")
    return sorted(drawn, key=lambda name: ticket(seed=seed, about=about, name=name))


def ticket(*, seed: str, about: str, name: str) -> str:
    """Return the ticket of one name in hexadecimal: the smaller, the better placed."""
    return hashlib.sha256("\n".join((FORMAT, about, seed, name)).encode()).hexdigest()
