"""The trained encoder as files: int8 ONNX, its tokenizer, and the card that explains its outputs.

Weights of matrix products and of the word table become 8-bit integers (dynamic quantization, one
scale a channel); what that changes is measured on the way and stands in the card.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from tay_middleware.decide.encoder import FORMAT
from tay_middleware.training.encoder import Trained
from tay_middleware.training.examples import OUTPUTS

_OPSET = 17
_INPUTS = ("tokens", "segments", "mask")


def export_encoder(trained: Trained, directory: Path) -> None:
    """Write `model.onnx` and `tokenizer.json`."""
    directory.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole.onnx"
        _export(trained, whole)
        quantize_dynamic(
            whole,
            directory / "model.onnx",
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
            extra_options={"MatMulConstBOnly": True},
        )
    trained.tokenizer.save(str(directory / "tokenizer.json"), pretty=False)


def write_encoder(
    exported: Path,
    directory: Path,
    calibration: Mapping[str, tuple[float, float]],
    about: Mapping[str, Any],
) -> int:
    """Copy what was exported to `directory`, with the card; the model's size in bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copyfile(exported / name, directory / name)
    card = {
        "format": FORMAT,
        "about": dict(about),
        "outputs": [
            {
                "name": name,
                "slope": round(calibration[name][0], 4),
                "intercept": round(calibration[name][1], 4),
            }
            for name in OUTPUTS
        ],
    }
    (directory / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return (directory / "model.onnx").stat().st_size


def _export(trained: Trained, path: Path) -> None:
    example = torch.ones((1, 16), dtype=torch.int64)
    flexible = {name: {0: "rows", 1: "length"} for name in _INPUTS}
    torch.onnx.export(
        trained.scorer,
        (example, torch.zeros_like(example), example),
        path,
        input_names=list(_INPUTS),
        output_names=["logits"],
        dynamic_axes={**flexible, "logits": {0: "rows"}},
        opset_version=_OPSET,
        dynamo=False,
    )
