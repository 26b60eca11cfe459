"""Records: what a frozen dataclass does, for less at the start."""

from __future__ import annotations

import copy
import pickle
import weakref
from dataclasses import asdict, dataclass, field, replace

import pytest

from archdsl.record import by_identity, changed, record


@record
class Place:
    row: int
    column: int = 0
    note: str = field(default="", compare=False)


@record
class Empty:
    pass


@record
class Wide(Place):
    width: int = 1


@record
class Loud:
    text: str

    def __repr__(self) -> str:
        return self.text.upper()


@dataclass(frozen=True)
class Theirs:
    row: int
    column: int = 0
    note: str = field(default="", compare=False)


def test_is_equal_if_its_fields_are() -> None:
    assert Place(1, 2) == Place(1, 2, "another") != Place(1, 3)
    assert Place(1) != Theirs(1)
    assert Place(1) != Wide(1)
    assert Wide(1, width=2) != Wide(1)
    assert Empty() == Empty()
    assert len({Place(1), Place(1), Place(2), Wide(1), Empty(), Empty()}) == 4


def test_an_unhashable_field_makes_it_unhashable() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Place([1]))  # type: ignore[arg-type]


def test_reads_as_a_dataclass_does() -> None:
    assert repr(Place(1, 2)) == repr(Theirs(1, 2)).replace("Theirs", "Place")
    assert repr(Wide(1)) == "Wide(row=1, column=0, note='', width=1)"
    assert repr(Loud("a")) == "A"


def test_is_a_dataclass_to_everybody_else() -> None:
    assert replace(Place(1, 2), column=5) == Place(1, 5)
    assert asdict(Place(1, 2)) == {"row": 1, "column": 2, "note": ""}
    match Place(3, 4):
        case Place(row, column):
            assert (row, column) == (3, 4)
    assert copy.deepcopy(Place(1)) == pickle.loads(pickle.dumps(Place(1))) == Place(1)


@by_identity
class Piece:
    parts: tuple[Piece, ...] = ()
    hidden: int = field(default=0, repr=False)


@by_identity
class Named(Piece):
    name: str


def test_a_piece_is_equal_to_itself_alone_and_says_its_fields() -> None:
    one, other = Named(name="a"), Named(name="a")
    assert one != other
    assert len({one, other}) == 2
    assert repr(Named(name="b", parts=(Piece(),))) == "Named(parts=(Piece(parts=()),), name='b')"
    assert replace(one, name="c").name == "c"
    with pytest.raises(AttributeError):
        one.nothing = 1  # type: ignore[attr-defined]
    assert weakref.ref(one)() is one


def test_a_record_is_changed_in_some_fields() -> None:
    place = Place(1, 2, "note")
    other = changed(place, column=5)
    assert (other, other.note) == (Place(1, 5), "note")
    assert place == Place(1, 2)
    assert other == replace(place, column=5)
