#!/usr/bin/env python3
"""Writes the reference files of ZorBACheckpointTests with torch, safetensors and transformers.

Usage: checkpoint_goldens.py [OUTPUT]    (default: Tests/ZorBACheckpointTests/Goldens)

Every file is deterministic. What they hold:
  library.safetensors    written by the safetensors library: all three weight types, a scalar, empty
                         tensors, buffers of other types, names beyond ASCII
  library.json           the same tensors as the library reads them back: type, shape, bytes in hex
  unaligned.safetensors  a header of odd length, so that every tensor starts at an odd address
  ordered.safetensors    the tensors of library.safetensors that are weights, sorted by name: what
                         the writer under test must produce, byte for byte
  conversions.json       binary32 and binary16 patterns and what torch rounds them to
  sharded/               a tiny Llama as transformers saves it in several shards, with companions
"""

import json
import pathlib
import struct
import sys

import numpy as np
import safetensors
import safetensors.torch
import torch
import transformers

DEFAULT = pathlib.Path(__file__).parent.parent / "Tests/ZorBACheckpointTests/Goldens"
NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


def raw(tensor: torch.Tensor) -> bytes:
    """The stored bytes of a tensor, little-endian."""
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def file_bytes(tensors: dict[str, torch.Tensor], pad: bool = True) -> bytes:
    """A safetensors file made by hand, tensors in the order of the dictionary.

    Without `pad` the header's length is odd, and so is the address of every tensor.
    """
    header: dict = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, tensor in tensors.items():
        end = len(data) + tensor.numel() * tensor.element_size()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), end]}
        data += raw(tensor)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8 if pad else 1 - len(text) % 2)
    return struct.pack("<Q", len(text)) + text + data


def library_tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "f32": torch.randn(2, 3, generator=generator),
        "f16": torch.randn(3, 1, 2, generator=generator).half(),
        "bf16": torch.randn(5, generator=generator).bfloat16(),
        "scalar": torch.tensor(-0.0),
        "half.scalar": torch.tensor(65504.0).half(),
        "empty": torch.zeros(0),
        "empty.wide": torch.zeros(4, 0, 3, dtype=torch.bfloat16),
        # The same text in two normal forms: two tensors.
        "caf\u00e9": torch.tensor([1.0, 2.0]),
        "cafe\u0301": torch.tensor([3.0]),
        "层\U0001F600": torch.tensor([float("inf"), float("nan")]).bfloat16(),
        'quote " \\ slash': torch.tensor([4.0]).half(),
        "mask": torch.tensor([[True, False], [True, True]]),
        "positions": torch.arange(3),
        "double": torch.tensor([0.5], dtype=torch.float64),
        "byte": torch.tensor([7], dtype=torch.uint8),
    }


def conversions() -> dict:
    """Boundaries, ties and a spread of everything, as binary32 bits."""
    random = np.random.default_rng(2)
    bits = {0, 1, 2, 0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0x7F7F0000, 0x7F7F7FFF, 0x7F7F8000,
            0x7F800000}
    for centre in (0x33000000, 0x33800000, 0x387FC000, 0x38800000, 0x3F800000, 0x3F801000,
                   0x3F803000, 0x3F808000, 0x3F818000, 0x477FE000, 0x477FEFFF, 0x477FF000):
        bits.update(range(centre - 2, centre + 3))
    for exponent in range(100, 146):
        bits.update(int(x) | exponent << 23 for x in random.integers(0, 1 << 23, 8))
    bits = sorted(bits) + [x | 1 << 31 for x in sorted(bits)]
    values = torch.from_numpy(np.array(bits, dtype=np.uint32).view(np.float32).copy())
    halves = torch.arange(0, 1 << 16, 37).to(torch.uint16).view(torch.float16)
    halves = halves[~halves.isnan()]

    def words(tensor):
        return tensor.view(torch.uint16).to(torch.int64).tolist()

    return {
        "float32": bits,
        "float32_to_bfloat16": words(values.bfloat16()),
        "float32_to_float16": words(values.half()),
        "float16": words(halves),
        "float16_to_float32": halves.float().view(torch.int32).to(torch.int64)
        .bitwise_and(0xFFFFFFFF).tolist(),
        "float16_to_bfloat16": words(halves.bfloat16()),
    }


def write_sharded(folder: pathlib.Path) -> None:
    torch.manual_seed(3)
    config = transformers.LlamaConfig(
        vocab_size=12, hidden_size=8, intermediate_size=12, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=16)
    model = transformers.LlamaForCausalLM(config).bfloat16()
    model.save_pretrained(folder, max_shard_size=1200, safe_serialization=True)
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 16}\n')
    (folder / "added_tokens.json").write_text("")


def main() -> None:
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    output.mkdir(parents=True, exist_ok=True)
    tensors = library_tensors()
    path = output / "library.safetensors"
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})
    with safetensors.safe_open(path, "pt") as file:
        read = {name: file.get_tensor(name) for name in file.keys()}
    header = path.read_bytes()
    header = json.loads(header[8:8 + struct.unpack("<Q", header[:8])[0]])
    (output / "library.json").write_text(json.dumps(
        [{"name": name, "dtype": header[name]["dtype"], "shape": list(read[name].shape),
          "hex": raw(read[name]).hex()} for name in header if name != "__metadata__"],
        indent=0, ensure_ascii=False) + "\n")

    weights = {name: tensors[name] for name in sorted(tensors, key=lambda name: name.encode())
               if tensors[name].dtype in NAMES}
    by_hand = {
        "ordered.safetensors": file_bytes(weights),
        "unaligned.safetensors": file_bytes({
            "odd": torch.tensor([1.5, -2.0, 3.25]).half(), "wide": torch.tensor([[0.1], [1e30]]),
            "brain": torch.tensor([-7.0]).bfloat16()}, pad=False),
    }
    for name, content in by_hand.items():
        # The library reads it, so it is a valid file and not only one that we agree on.
        safetensors.torch.load(content)
        (output / name).write_bytes(content)
    (output / "conversions.json").write_text(json.dumps(conversions()) + "\n")
    write_sharded(output / "sharded")


if __name__ == "__main__":
    main()
