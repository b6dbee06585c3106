"""Packed bytes on disk, on a small random model; area and front of the curve, worked out by hand."""

import json
import math

import pytest
from random_models import write_base


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Return a folder of a model with random weights."""
    folder = tmp_path_factory.mktemp("model")
    write_base(folder)
    return folder


def test_packed_bytes_are_those_of_the_blocks(part, model, tmp_path):
    packing = part("packing")
    sizes = {kind: packing.pack(model, kind, tmp_path / f"{kind}.gguf") for kind in packing.KINDS}
    weights = packing._weights(model)
    numbers = sum(array.size for array in weights.values() if array.ndim == 2 and array.shape[-1] % 32 == 0)
    rest = 4 * sum(array.size for array in weights.values()) - 4 * numbers
    # Bytes of a block of 32: GGUF's specification.
    for kind, block in (("F32", 128), ("F16", 64), ("Q8_0", 34), ("Q5_0", 22), ("Q4_0", 18)):
        expected = numbers / 32 * block + rest
        assert expected <= sizes[kind] < expected + 150 * len(weights) + 200, kind
    assert sizes["Q4_0"] < sizes["Q5_0"] < sizes["Q8_0"] < sizes["F16"] < sizes["F32"]


def test_an_unpacked_model_has_the_packed_weights(part, model, tmp_path):
    from transformers import AutoModelForCausalLM

    packing, errors = part("packing"), {}
    original = packing._weights(model)
    for kind in packing.KINDS:
        packing.pack(model, kind, tmp_path / f"{kind}.gguf")
        packing.unpack(tmp_path / f"{kind}.gguf", model, tmp_path / kind)
        unpacked = packing._weights(tmp_path / kind)
        assert set(unpacked) == set(original)
        errors[kind] = max(abs(unpacked[name] - array).max() for name, array in original.items())
    assert errors["F32"] == 0 < errors["Q8_0"] < errors["Q5_0"] < errors["Q4_0"]
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "Q4_0").num_parameters() > 1_000_000


def test_a_folder_without_weights_is_said(part, tmp_path):
    with pytest.raises(FileNotFoundError, match="safetensors"):
        part("packing").pack(tmp_path, "Q8_0", tmp_path / "x.gguf")


def test_front_and_area_by_hand(part):
    curve = part("curve")
    points = [curve.Point("small", 1.0, 0.5), curve.Point("worse", 5.0, 0.4), curve.Point("large", 10.0, 1.0)]
    assert [point.name for point in curve.front(points)] == ["small", "large"]
    # 0.5 from 1 to 10 MB, 1.0 from 10 to 100: on a log scale halves.
    assert curve.area(points, 1, 100) == pytest.approx(0.75)
    assert curve.area(points, 0.1, 100) == pytest.approx(0.5)
    assert curve.area(points, 20, 40) == pytest.approx(1.0)
    assert curve.area(points, 5, 20) == pytest.approx((0.5 * math.log(2) + math.log(2)) / math.log(4))
    with pytest.raises(ValueError, match="no range"):
        curve.area(points, 10, 10)


def test_the_picture_and_the_points_file(part, tmp_path):
    curve, file = part("curve"), tmp_path / "points.json"
    file.write_text(json.dumps([{"name": "a", "mb": 2, "quality": 0.5}, {"name": "b", "mb": 9, "quality": 0.9}]))
    curve.draw(curve.read_points(file), tmp_path / "curve.svg")
    assert "<svg" in (tmp_path / "curve.svg").read_text(encoding="utf-8")
    for wrong in ({"name": "a"}, {"name": "a", "mb": 0, "quality": 1}, {"name": "a", "mb": 1, "quality": 1.5}, 7):
        file.write_text(json.dumps([wrong]))
        with pytest.raises(ValueError, match="entry 1"):
            curve.read_points(file)
