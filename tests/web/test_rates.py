"""How often a client may ask: worked by hand."""

import pytest

from hybridsearch.web.rates import BURST, MOST_CLIENTS, Rates, client_of


def test_a_bucket_empties_and_fills_again_at_its_rate() -> None:
    rates = Rates(2)
    assert [rates.wait("a", 0.0) for _ in range(2 * BURST)] == [0.0] * 8
    assert rates.wait("a", 0.0) == 0.5  # one token at two a second
    assert rates.wait("b", 0.0) == 0.0
    assert rates.wait("a", 0.5) == 0.0
    assert rates.wait("a", 0.5) == 0.5
    assert [rates.wait("a", 1_000.0) for _ in range(8)] == [0.0] * 8  # never more than it holds
    assert rates.wait("a", 1_000.0) > 0


def test_any_number_of_clients_takes_a_bounded_memory() -> None:
    rates = Rates(1)
    for number in range(MOST_CLIENTS + 100):
        rates.wait(str(number), 0.0)
    assert len(rates._left) == MOST_CLIENTS


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_all_addresses_of_a_network_of_ipv6_are_one_client(address: str, client: str) -> None:
    assert client_of(address) == client
