"""A queue in an address: written, read back, refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.errors import UsageError
from skillrouter_core.records.maps import Level
from skillrouter_core.records.queues import QueueSpec, Strategy

SPECS = st.builds(
    QueueSpec,
    strategy=st.sampled_from(Strategy),
    suite=st.none() | st.text(min_size=1),
    catalog=st.text(),
    cluster=st.none() | st.tuples(st.sampled_from(Level), st.integers(0, 32_000)),
    query=st.text(),
)


@given(SPECS)
def test_any_queue_survives_an_address(spec: QueueSpec) -> None:
    assert QueueSpec.from_params(spec.to_params()) == spec


def test_what_is_not_narrowed_is_left_out() -> None:
    assert QueueSpec().to_params() == {"strategy": "least-certain"}
    assert QueueSpec.from_params({}) == QueueSpec()


@pytest.mark.parametrize(
    ("params", "offending"),
    [
        ({"strategy": "best"}, "'best'"),
        ({"cluster": "coarse"}, "'coarse'"),
        ({"cluster": "huge:3"}, "'huge:3'"),
        ({"cluster": "fine:-1"}, "'fine:-1'"),
        ({"cluster": "fine:²"}, "'fine:²'"),
    ],
)
def test_a_word_that_is_never_written_is_refused(params: dict[str, str], offending: str) -> None:
    with pytest.raises(UsageError) as error:
        QueueSpec.from_params(params)
    assert offending in str(error.value)
