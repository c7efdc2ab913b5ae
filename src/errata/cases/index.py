"""What searches look in beside the cases' own columns: attribute values one by one, and the index of words.

Follows from a case and its type's definitions, and is written in the transaction that writes the case.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from sqlalchemy import delete

from errata.base.ids import CustomAttributeId
from errata.base.parts import parts
from errata.cases.facets import attribute_field, composed, custom_field, folded, text_field, texts_of
from errata.cases.model import Case, CustomAttribute
from errata.cases.tables import HEAD_CHARS, case_values
from errata.query.marked import BORDER, evened, marked
from errata.query.numbers import stored_number
from errata.storage.sql import Transaction
from errata.storage.text_index import TextIndex

WORDS = TextIndex("case_words", {"title": "w", "key": "w", "description": "w", "attributes": "a"})
"""The index of words of cases; `attributes` are all values of attributes of both kinds."""


def put(tx: Transaction, case: Case, definitions: Mapping[CustomAttributeId, CustomAttribute]) -> None:
    """Have searches find the case as it is now.

    `definitions` are the living ones of its type: values of others are hidden, and are not found either.
    """
    tx.execute(delete(case_values).where(case_values.c.public_id == case.public_id))
    if rows := value_rows(case, definitions):
        tx.execute(case_values.insert(), rows)
    WORDS.put(tx, case.public_id, word_texts(case, definitions))


def remove(tx: Transaction, public_ids: Sequence[int]) -> None:
    """Have searches find these cases no more."""
    for part in parts(public_ids):
        tx.execute(delete(case_values).where(case_values.c.public_id.in_(part)))
    WORDS.remove(tx, public_ids)


def value_rows(case: Case, definitions: Mapping[CustomAttributeId, CustomAttribute]) -> list[dict[str, object]]:
    """The rows of `case_values`: those values of a field that are not the same apart from case."""
    return [
        _row(case.public_id, field, position, text, compared)
        for field, texts in {**_values(case, definitions), **_plain_texts(case)}.items()
        for position, (compared, text) in enumerate({folded(text): text for text in reversed(texts)}.items())
    ]


def word_texts(case: Case, definitions: Mapping[CustomAttributeId, CustomAttribute]) -> dict[str, str]:
    """The texts of the index of words."""
    values = [marked(composed(text)) for texts in _values(case, definitions).values() for text in texts]
    return {
        "title": marked(composed(case.title)),
        "key": marked(case.key),
        "description": marked(composed(case.description)),
        # No phrase reaches over the border, and no wildcard over the blanks beside it.
        "attributes": f" {BORDER} ".join(values),
    }


def _values(case: Case, definitions: Mapping[CustomAttributeId, CustomAttribute]) -> dict[str, Sequence[str]]:
    plain = {attribute_field(key): values for key, values in case.attributes.items()}
    custom = {custom_field(id_): texts_of(value) for id_, value in case.custom_attributes.items() if id_ in definitions}
    return {**plain, **custom}


def _plain_texts(case: Case) -> dict[str, Sequence[str]]:
    """Texts that can be compared with numbers and addresses: they are kept among words otherwise."""
    texts = {"title": evened(composed(case.title)), "description": evened(composed(case.description))}
    return {text_field(name): [text] for name, text in texts.items() if _is_number(text) or _is_address(text)}


def _is_number(text: str) -> bool:
    return not math.isnan(stored_number(text))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _row(public_id: int, field: str, position: int, text: str, compared: str) -> dict[str, object]:
    number = stored_number(compared)
    return {
        "public_id": public_id,
        "field": field,
        "position": position,
        "head": compared[:HEAD_CHARS],
        "folded": compared,
        "text": text,
        "number": None if math.isnan(number) else number,
    }
