"""Our ids are those of RFC 9562, as Python's own library makes them."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from geofence.names import name_of, number_of


@given(namespace=st.uuids(), name=st.text())
def test_a_name_is_that_of_the_standard(namespace: UUID, name: str) -> None:
    assert name_of(namespace, name) == str(uuid5(namespace, name))
    assert number_of(namespace, name) == uuid5(namespace, name).int


def test_the_example_of_the_rfc() -> None:
    assert name_of(NAMESPACE_DNS, "www.example.com") == "2ed6657d-e927-568b-95e1-2665a8aea6a2"
