"""Numbers of bytes are said as vendors sell them."""

import pytest

from connectors.sdk.space import size, used_of


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"), (1023, "1,023 bytes"), (1024, "1 kB"), (1536, "1.5 kB"), (1024**2 - 1, "1 MB"),
        (2 << 30, "2 GB"), (1_288_490_189, "1.2 GB"), (3 << 40, "3 TB"), (5000 << 50, "5,000 PB"),
    ],
)  # fmt: skip
def test_a_number_of_bytes_is_written_with_one_digit_at_most(count, said):
    assert size(count) == said


def test_without_a_limit_it_is_unlimited():
    assert used_of(2 << 30, 15 << 30) == "2 GB of 15 GB used"
    assert used_of(2 << 30, None) == "2 GB used, unlimited"
