"""Running the notebooks again changes nothing, pictures included (nbval does not look at those)."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

import notebooks

ALL = sorted((notebooks.ROOT / "notebooks").rglob("[!.]*.ipynb"))
PICTURE = re.compile(r'(?<="image/png": ")[^"]*')


def drawn_by() -> str:
    """Return the matplotlib release that drew the stored pictures: the newest one pinned.

    Another release draws letters of another width, and no two pictures can then be compared.
    """
    requirements = (notebooks.ROOT / "requirements.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^matplotlib==([\d.]+)", requirements, re.MULTILINE)
    return max(pins, key=lambda pin: [int(part) for part in pin.split(".")])


def pixels(encoded: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        return np.asarray(image.convert("RGB"), dtype=float)


def alike(first: str, second: str) -> bool:
    """Tell whether two pictures look the same; another processor may round a pixel differently."""
    a, b = pixels(first), pixels(second)
    return a.shape == b.shape and float(np.sqrt(np.mean((a - b) ** 2))) < 2


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_running_again_changes_nothing(path: Path) -> None:
    stored, fresh = notebooks.renew(path, executing=True)
    assert PICTURE.sub("", fresh) == PICTURE.sub("", stored), "run `make notebooks`"
    if matplotlib.__version__ != drawn_by():
        pytest.skip(f"pictures are compared with matplotlib {drawn_by()} alone")
    pairs = zip(PICTURE.findall(fresh), PICTURE.findall(stored), strict=True)
    changed = [number for number, pair in enumerate(pairs, start=1) if not alike(*pair)]
    assert changed == [], f"{path.name}: pictures {changed} changed; run `make notebooks`"


def test_a_changed_picture_is_noticed() -> None:
    (picture,) = PICTURE.findall(notebooks.TEMPLATE.read_text(encoding="utf-8"))
    changed = pixels(picture).astype(np.uint8)
    changed[100:110, 100:200] = 0  # a stroke of a hundred pixels
    file = io.BytesIO()
    Image.fromarray(changed).save(file, format="PNG")
    assert alike(picture, picture)
    assert not alike(picture, base64.b64encode(file.getvalue()).decode())
