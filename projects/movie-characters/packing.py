"""Packs a model's weights as GGUF blocks, measures bytes on disk, and unpacks what is left of the weights.

    .venv/bin/python projects/movie-characters/packing.py MODEL OUTPUT --kinds F16 Q8_0 Q5_0 Q4_0

For each kind OUTPUT/<kind>/weights.gguf holds the packed weights, and OUTPUT/<kind>/model a folder in hub format with
the same weights unpacked: it answers as the packed one does, so any command that takes a model's folder measures its
quality. Matrices whose rows are no whole number of blocks, and vectors, stay in 32 bits, as llama.cpp keeps them.

Not covered: the K-quants, which the Python package cannot write; a file that llama.cpp can run (names of tensors and
the tokenizer are the hub's).
"""

import argparse
import shutil
from pathlib import Path

KINDS = ("F32", "F16", "Q8_0", "Q5_0", "Q4_0")
WEIGHTS = "weights.gguf"


def pack(model_dir: Path, kind: str, output: Path) -> int:
    """Write a model's weights, packed by a kind of GGUF's, and return the file's size in bytes.

    Raises FileNotFoundError where the folder has no safetensors, KeyError for a kind that GGUF does not have.
    """
    from gguf import GGMLQuantizationType, GGUFWriter

    wanted = GGMLQuantizationType[kind]
    writer = GGUFWriter(output, "packed")
    for name, weights in _weights(model_dir).items():
        data, packed_as = _packed(weights, wanted)
        writer.add_tensor(name, data, raw_dtype=packed_as)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return output.stat().st_size


def unpack(file: Path, model_dir: Path, output: Path) -> None:
    """Write a copy of a model's folder whose weights are those of a packed file, in 32 bits."""
    import torch
    from gguf import GGUFReader, dequantize
    from safetensors.torch import save_file

    tensors = {}
    for tensor in GGUFReader(file).tensors:
        shape = [int(size) for size in reversed(tensor.shape)]
        tensors[tensor.name] = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).reshape(shape).copy())
    output.mkdir(parents=True, exist_ok=True)
    for part in model_dir.iterdir():
        if part.is_file() and not part.name.startswith("model"):
            shutil.copy(part, output)
    save_file(tensors, output / "model.safetensors", metadata={"format": "pt"})


def _weights(model_dir: Path) -> dict:  # {name: float32 array}
    """Return a model's weights; a matrix that is tied to another one is stored once. Raises FileNotFoundError."""
    import torch
    from safetensors.torch import load_file

    files = sorted(Path(model_dir).glob("*.safetensors"))
    if not files:
        raise FileNotFoundError(f"{model_dir} has no .safetensors")
    return {name: weights.to(torch.float32).numpy() for file in files for name, weights in load_file(file).items()}


def _packed(weights, wanted):  # noqa: ANN001, ANN202 (numpy array and GGUF's type -> the same, packed)
    """Return weights packed by a kind, or in 32 bits where they do not fit into its blocks, and the kind."""
    import numpy
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quantize

    if weights.ndim < 2 or weights.shape[-1] % GGML_QUANT_SIZES[wanted][0]:
        wanted = GGMLQuantizationType.F32
    return quantize(numpy.ascontiguousarray(weights), wanted), wanted


def main() -> None:
    """Pack a model by each kind and print the bytes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, help="a model's folder in hub format")
    parser.add_argument("output", type=Path)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS[1:])
    arguments = parser.parse_args()
    for kind in arguments.kinds:
        folder = arguments.output / kind
        folder.mkdir(parents=True, exist_ok=True)
        size = pack(arguments.model, kind, folder / WEIGHTS)
        unpack(folder / WEIGHTS, arguments.model, folder / "model")
        print(f"{kind:5} {size:>14,} bytes")


if __name__ == "__main__":
    main()
