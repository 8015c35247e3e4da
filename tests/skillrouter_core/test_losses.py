import math

import pytest
import torch
from torch.nn import functional

from skillrouter_core.losses import info_nce, listwise_cross_entropy, pointwise_bce


def test_info_nce_by_hand():
    queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    documents = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    # Query 0 sees cosines 1 and 0.6, query 1 sees 0 and 0.8; at temperature 1:
    first = -math.log(math.e / (math.e + math.exp(0.6)))
    second = -math.log(math.exp(0.8) / (1 + math.exp(0.8)))
    loss = info_nce(queries, documents, temperature=1.0)
    assert loss.item() == pytest.approx((first + second) / 2, rel=1e-6)


def test_info_nce_leaves_near_copies_out_but_never_the_positive():
    queries = torch.eye(2)
    documents = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    everything = torch.ones(2, 2, dtype=torch.bool)
    assert info_nce(queries, documents, not_negative=everything).item() == pytest.approx(0.0)


def test_info_nce_takes_extra_documents_as_negatives():
    queries = functional.normalize(torch.randn(3, 8, generator=torch.manual_seed(1)), dim=-1)
    extra = torch.cat([queries, -queries])
    assert info_nce(queries, extra) > info_nce(queries, queries)


def test_listwise_against_torch_and_by_hand():
    scores = torch.tensor([[2.0, 1.0, float("-inf")], [0.0, 0.0, 0.0]])
    by_hand = (-math.log(math.e**2 / (math.e**2 + math.e)) - math.log(1 / 3)) / 2
    assert listwise_cross_entropy(scores).item() == pytest.approx(by_hand, rel=1e-6)


def test_pointwise_ignores_padding():
    padded = torch.tensor([[1.0, -1.0, float("-inf")]])
    by_hand = -math.log(1 / (1 + math.exp(-1)))  # both sides are equally sure
    assert pointwise_bce(padded).item() == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize("loss", [listwise_cross_entropy, pointwise_bce])
def test_gradients(loss):
    scores = torch.randn(2, 4, dtype=torch.float64, generator=torch.manual_seed(3))
    assert torch.autograd.gradcheck(loss, scores.requires_grad_())


def test_info_nce_gradient():
    rows = torch.randn(3, 4, dtype=torch.float64, generator=torch.manual_seed(5))
    queries = functional.normalize(rows, dim=-1).detach().requires_grad_()
    documents = functional.normalize(rows.flip(0), dim=-1).detach().requires_grad_()
    assert torch.autograd.gradcheck(info_nce, (queries, documents))


def test_info_nce_is_what_its_formula_says():
    """Against the sum written out: own negatives count, masked documents do not."""
    random = torch.manual_seed(7)
    queries = functional.normalize(torch.randn(3, 6, generator=random, dtype=torch.float64), dim=-1)
    documents = functional.normalize(
        torch.randn(7, 6, generator=random, dtype=torch.float64), dim=-1
    )
    masked = torch.zeros(3, 7, dtype=torch.bool)
    masked[0, 1] = masked[2, 6] = masked[1, 1] = True  # the last is a positive: it stays
    total = 0.0
    for row in range(3):
        kept = [
            math.exp(float(queries[row] @ documents[column]) / 0.05)
            for column in range(7)
            if not masked[row, column] or column == row
        ]
        total -= math.log(math.exp(float(queries[row] @ documents[row]) / 0.05) / sum(kept))
    loss = info_nce(queries, documents, not_negative=masked)
    assert loss.item() == pytest.approx(total / 3, rel=1e-9)


def test_gradient_of_info_nce_with_negatives_left_out():
    random = torch.manual_seed(9)
    queries, documents = (
        functional.normalize(torch.randn(n, 4, generator=random, dtype=torch.float64), dim=-1)
        .detach()
        .requires_grad_()
        for n in (2, 5)
    )
    masked = torch.tensor([[False, True, False, False, True], [False] * 5])
    assert torch.autograd.gradcheck(
        lambda q, d: info_nce(q, d, not_negative=masked), (queries, documents)
    )


def test_pointwise_by_hand_over_several_candidates():
    scores = torch.tensor([[0.0, 2.0, -1.0]], dtype=torch.float64)
    each = (math.log(2), math.log1p(math.exp(2)), math.log1p(math.exp(-1)))
    assert pointwise_bce(scores).item() == pytest.approx(sum(each) / 3, rel=1e-9)
