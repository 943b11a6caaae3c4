"""What pure functions return, remembered for the very objects that they were given."""

from dataclasses import dataclass

from hybridsearch.runtime.remembered import MOST, remembered


@dataclass
class Value:
    """Two of these are equal, and cannot be hashed."""

    number: int = 1


def test_a_result_is_made_once_for_the_same_objects_and_again_for_equal_ones() -> None:
    made: list[tuple[Value, str]] = []

    @remembered
    def pair(value: Value, kind: str) -> tuple[Value, str]:
        made.append((value, kind))
        return value, kind

    one, other = Value(), Value()
    assert pair(one, "words") is pair(one, "".join(["wor", "ds"]))
    assert pair(one, "words")[0] is one
    assert pair(other, "words")[0] is other
    assert made == [(one, "words"), (other, "words")]


def test_what_is_remembered_has_an_end_and_never_stands_for_another_object() -> None:
    @remembered
    def number(value: Value) -> int:
        return value.number

    # Each is forgotten by us at once: without a hold on it the next one may get its identity.
    assert [number(Value(each)) for each in range(10 * MOST)] == list(range(10 * MOST))


def test_a_result_of_none_is_a_result() -> None:
    calls: list[Value] = []

    @remembered
    def nothing(value: Value) -> None:
        calls.append(value)

    value = Value()
    nothing(value)
    nothing(value)
    assert len(calls) == 1
