"""Positions: principal components where there are few rows, UMAP where there are enough."""

import numpy as np
import pytest

from skillrouter_core.errors import Cancelled
from skillrouter_core.project.coordinates import (
    LAYOUT_STAGE,
    UMAP_FROM,
    LayoutOptions,
    layout,
    principal,
    scaled,
)
from skillrouter_core.project.neighbours import nearest, neighbour_graph
from tests.crowds import crowds, unit_rows

# ------------------------------------------------------------------ neighbours


def test_nearest_are_those_of_the_whole_matrix_product():
    queries, rows = unit_rows(40, seed=1), unit_rows(300, seed=2)
    found, cosines = nearest(queries, rows, 5)
    product = queries @ rows.T
    assert (found == np.argsort(-product, axis=1)[:, :5]).all()
    assert cosines == pytest.approx(-np.sort(-product, axis=1)[:, :5], abs=1e-6)


def test_nearest_of_fewer_rows_than_asked_for_are_all():
    found, _ = nearest(unit_rows(2), unit_rows(3), 10)
    assert found.shape == (2, 3)


def test_graph_has_each_row_first_even_among_more_copies_than_places():
    rows = np.repeat(unit_rows(1), 12, axis=0)
    found, distances = neighbour_graph(np.vstack([rows, unit_rows(20, seed=3)]), 5)
    assert (found[:, 0] == np.arange(32)).all()
    assert all(len(set(row)) == 5 for row in found.tolist())
    assert (distances >= 0).all()
    assert distances[:12] == pytest.approx(0, abs=1e-6)


def test_finding_neighbours_can_be_stopped():
    def stop(progress):
        if progress.done:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        neighbour_graph(unit_rows(50), 5, stop)


# ------------------------------------------------------------------ principal components


def test_principal_components_are_those_of_the_singular_value_decomposition():
    rows = unit_rows(25, dimension=6)
    centred = rows - rows.mean(axis=0)
    left, values, _ = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    found = principal(rows, 2)
    for axis in range(2):
        wanted = left[:, axis] * values[axis]
        sign = np.sign(wanted[np.abs(wanted).argmax()])
        assert found[:, axis] == pytest.approx(wanted * sign, abs=1e-5)


@pytest.mark.parametrize("rows", [1, 2, 3, 12])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_few_rows_have_finite_positions_on_as_many_axes_as_they_span(rows, dimensions):
    found = layout(unit_rows(rows), dimensions)
    assert found.shape == (rows, dimensions)
    assert np.isfinite(found).all()
    assert np.abs(found).max(initial=0) <= 1
    assert (np.ptp(found, axis=0) > 0).sum() == min(rows - 1, dimensions)


def test_copies_of_one_text_lie_on_one_point():
    assert (layout(np.repeat(unit_rows(1), 5, axis=0)) == 0).all()


def test_scaled_keeps_shape_and_fills_the_longest_axis():
    points = np.array([[10, 0], [30, 5], [20, 10]], dtype=np.float32)
    assert scaled(points) == pytest.approx(np.array([[-1, -0.5], [1, 0], [0, 0.5]]))


# ------------------------------------------------------------------ UMAP itself


@pytest.mark.model
def test_umap_keeps_crowds_apart_reports_epochs_and_repeats_itself():
    rows, crowd = crowds(4, 25)
    seen = []
    found = layout(rows, 2, LayoutOptions(), seen.append)
    middles = np.stack([found[crowd == one].mean(axis=0) for one in range(4)])
    nearest_middle = np.linalg.norm(found[:, None] - middles, axis=2).argmin(axis=1)
    assert (nearest_middle == crowd).mean() > 0.95
    epochs = [one for one in seen if one.stage == LAYOUT_STAGE]
    assert (epochs[0].done, epochs[-1].done, epochs[-1].total) == (0, 500, 500)
    assert (layout(rows, 2) == found).all()


@pytest.mark.model
def test_umap_in_space_and_on_copies_alone_is_finite():
    rows, _ = crowds(4, 10)
    assert layout(rows, 3).shape == (40, 3)
    copies = np.repeat(unit_rows(1), UMAP_FROM, axis=0)
    assert np.isfinite(layout(copies)).all()


@pytest.mark.model
def test_umap_can_be_stopped_between_epochs():
    def stop(progress):
        if progress.stage == LAYOUT_STAGE:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        layout(crowds(4, 10)[0], 2, LayoutOptions(), stop)
