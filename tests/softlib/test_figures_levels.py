"""softlib.figures.live_levels starts where it is told and names what it cannot draw."""

import numpy as np
import pytest

from softlib import figures


def test_it_starts_where_it_is_told():
    spec = figures.live_levels([2, -1], [1, 3], beta=-0.5).to_dict()
    assert [(p["name"], p["value"]) for p in spec["params"]] == [("beta", -0.5)]
    rows = spec["data"]["values"]
    assert rows == [{"i": 1, "E": 2.0, "g": 1.0}, {"i": 2, "E": -1.0, "g": 3.0}]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("energies", {"energies": []}),
        ("energies", {"energies": [[0, 1]]}),
        ("energies", {"energies": [0, 6]}),
        ("energies", {"energies": [0, np.nan]}),
        ("energies", {"energies": range(9)}),
        ("degeneracies", {"degeneracies": [1, 2]}),
        ("degeneracies", {"degeneracies": [1, 2, 0]}),
        ("degeneracies", {"degeneracies": [1, 2, np.inf]}),
        ("beta", {"beta": 3.1}),
        ("beta", {"beta": np.nan}),
    ],
)
def test_it_names_the_bad_argument(name, arguments):
    with pytest.raises(ValueError, match=f"^{name}:"):
        figures.live_levels(**arguments)
