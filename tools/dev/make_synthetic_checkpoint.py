#!/usr/bin/env python3
"""Writes a synthetic BitNet or Llama checkpoint in Hugging Face layout.

The default has exactly the tensor names, shapes and element types of
microsoft/bitnet-b1.58-2B-4T (542 tensors: packed uint8 codes, bf16 scales, norms and
embeddings) with random values of plausible size. Same options and seed, same bytes.

usage: make_synthetic_checkpoint.py DIRECTORY [--preset 2b4t|tiny] [--hidden N] ...
"""
import argparse
import json
import math
import pathlib
import random
import statistics
import struct

LLAMA3_REGEX = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
                r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
PRESETS = {
    "2b4t": dict(hidden=2560, intermediate=6912, layers=30, heads=20, kv_heads=5, head_dim=128,
                 vocab=128256, context=4096, rope_theta=500000.0),
    "tiny": dict(hidden=64, intermediate=160, layers=2, heads=4, kv_heads=2, head_dim=16,
                 vocab=320, context=128, rope_theta=10000.0),
}
CHUNK = 1 << 22  # values made at once: memory stays small
SIZES = {"U8": 1, "BF16": 2, "F16": 2, "F32": 4}


def encode(dtype, value):
    """The little-endian bytes of a float."""
    if dtype == "BF16":  # f32 rounded to nearest even
        bits = struct.unpack("<I", struct.pack("<f", value))[0]
        return struct.pack("<H", (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)
    return struct.pack("<e" if dtype == "F16" else "<f", value)


class Tensor:
    """dtype, shape and a function that yields the bytes in pieces."""

    def __init__(self, dtype, shape, pieces):
        self.dtype, self.shape, self.pieces = dtype, shape, pieces
        self.bytes = SIZES[dtype] * math.prod(shape)


class Maker:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        # A random byte becomes four codes 0, 1, 2 (-1, 0, +1), all combinations about
        # equally often, or one of 256 quantiles of the normal distribution.
        self.codes = bytes(sum((byte // 3 ** i % 3) << (2 * i) for i in range(4))
                           for byte in (i % 81 for i in range(256)))
        normal = statistics.NormalDist()
        self.quantiles = [normal.inv_cdf((i + 0.5) / 256) for i in range(256)]

    def chunks(self, count):
        for start in range(0, count, CHUNK):
            yield self.random.randbytes(min(CHUNK, count - start))

    def floats(self, shape, deviation, mean=0.0, fine=False):
        """Quantiles; `fine` draws the last bits of the significand too, so that a row has
        thousands of magnitudes, as in a trained model, and not 128."""
        dtype = self.options.float_dtype
        size = SIZES[dtype]
        values = [encode(dtype, mean + deviation * quantile) for quantile in self.quantiles]
        tables = [bytes(value[i] for value in values) for i in range(size)]

        def pieces():
            for chunk in self.chunks(math.prod(shape)):
                out = bytearray(size * len(chunk))
                for i, table in enumerate(tables):
                    out[i::size] = chunk.translate(table)
                if fine:
                    out[::size] = self.with_random_bits(out[::size])
                yield out

        return Tensor(dtype, shape, pieces)

    def with_random_bits(self, chunk):
        """Five random bits in place of the lowest of each byte."""
        bits = self.random.randbytes(len(chunk)).translate(bytes(i & 31 for i in range(256)))
        mixed = int.from_bytes(chunk, "little") ^ int.from_bytes(bits, "little")
        return mixed.to_bytes(len(chunk), "little")

    def projection(self, out, columns):
        """One projection: tensors by the suffix of their name."""
        # Keeps the variance of the activations near 1: E[t^2] = 2/3.
        scale = (1.5 / columns) ** 0.5
        if self.options.weights == "master":
            return {"weight": self.floats([out, columns], scale, fine=True)}
        shape = [(out + 3) // 4, columns]

        def pieces():
            for chunk in self.chunks(math.prod(shape)):
                yield chunk.translate(self.codes)

        value = encode("BF16", 1 / scale if self.options.weights == "inverse" else scale)
        return {"weight": Tensor("U8", shape, pieces),
                "weight_scale": Tensor("BF16", [1], lambda: [value])}

    def tensors(self):
        o = self.options
        result = {"model.embed_tokens.weight": self.floats([o.vocab, o.hidden], 1.0)}
        query, key = o.heads * o.head_dim, o.kv_heads * o.head_dim
        for layer in range(o.layers):
            prefix = f"model.layers.{layer}."
            norms = {"input_layernorm": o.hidden, "post_attention_layernorm": o.hidden}
            if o.architecture == "BitNetForCausalLM":
                norms.update({"self_attn.attn_sub_norm": query, "mlp.ffn_sub_norm": o.intermediate})
            for name, size in norms.items():
                result[prefix + name + ".weight"] = self.floats([size], 0.05, 1.0)
            for name, out, columns in (
                    ("self_attn.q_proj", query, o.hidden), ("self_attn.k_proj", key, o.hidden),
                    ("self_attn.v_proj", key, o.hidden), ("self_attn.o_proj", o.hidden, query),
                    ("mlp.gate_proj", o.intermediate, o.hidden),
                    ("mlp.up_proj", o.intermediate, o.hidden),
                    ("mlp.down_proj", o.hidden, o.intermediate)):
                for suffix, tensor in self.projection(out, columns).items():
                    result[f"{prefix}{name}.{suffix}"] = tensor
        result["model.norm.weight"] = self.floats([o.hidden], 0.05, 1.0)
        if not o.tied:
            result["lm_head.weight"] = self.floats([o.vocab, o.hidden], o.hidden ** -0.5)
        return result

    def config(self):
        o = self.options
        config = {
            "architectures": [o.architecture],
            "model_type": "bitnet" if o.architecture == "BitNetForCausalLM" else "llama",
            "hidden_act": "relu2" if o.architecture == "BitNetForCausalLM" else "silu",
            "hidden_size": o.hidden, "intermediate_size": o.intermediate,
            "num_hidden_layers": o.layers, "num_attention_heads": o.heads,
            "num_key_value_heads": o.kv_heads, "head_dim": o.head_dim,
            "max_position_embeddings": o.context, "rms_norm_eps": 1e-05,
            "rope_theta": o.rope_theta, "tie_word_embeddings": o.tied,
            "torch_dtype": "bfloat16", "vocab_size": o.vocab,
        }
        linear = "bitlinear" if o.weights == "inverse" else "autobitlinear"
        mode = "online" if o.weights == "master" else "offline"
        config["quantization_config"] = {"quant_method": "bitnet", "linear_class": linear,
                                         "quantization_mode": mode}
        return config


def alphabet():
    """The characters that byte-level BPE writes for the 256 bytes."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in kept]
    return {**{byte: chr(byte) for byte in kept},
            **{byte: chr(0x100 + i) for i, byte in enumerate(others)}}


def tokenizer(vocab):
    """256 bytes, then merges of pairs of earlier tokens, then 256 (or fewer) specials."""
    characters = alphabet()
    specials = min(256, vocab - 256)
    names = [characters[byte] for byte in range(256)]
    known, merges = set(names), []
    letters = [characters[byte] for byte in b" abcdefghijklmnopqrstuvwxyz"]
    for left in range(1 << 30):
        if len(names) == vocab - specials:
            break
        # Pairs, then triples, ... of letters, in a fixed order.
        prefix = letters[left] if left < len(letters) else names[256 + left - len(letters)]
        for letter in letters[1:]:
            if len(names) == vocab - specials:
                break
            if prefix + letter not in known:
                known.add(prefix + letter)
                names.append(prefix + letter)
                merges.append([prefix, letter])
    special_names = ["<|begin_of_text|>", "<|end_of_text|>"]
    special_names += [f"<|reserved_{i}|>" for i in range(2, specials)]
    first = vocab - specials
    added = [{"id": first + i, "content": name, "single_word": False, "lstrip": False,
              "rstrip": False, "normalized": False, "special": True}
             for i, name in enumerate(special_names[:specials])]
    bos = special_names[0]
    start, text = {"SpecialToken": {"id": bos, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": LLAMA3_REGEX}, "behavior": "Isolated",
             "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
             "use_regex": False}]},
        "post_processor": {"type": "Sequence", "processors": [
            {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False,
             "use_regex": True},
            {"type": "TemplateProcessing", "single": [start, text],
             "pair": [start, text, {"Sequence": {"id": "B", "type_id": 1}}],
             "special_tokens": {bos: {"id": bos, "ids": [first], "tokens": [bos]}}}]},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                    "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
                  "vocab": {name: i for i, name in enumerate(names)}, "merges": merges},
    }


def write_safetensors(path, tensors):
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": tensor.dtype, "shape": tensor.shape,
                        "data_offsets": [offset, offset + tensor.bytes]}
        offset += tensor.bytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for tensor in tensors.values():
            for piece in tensor.pieces():
                file.write(piece)
    return offset


def split(tensors, count):
    """The tensors in `count` parts of about the same size, in order."""
    total, parts, done = sum(t.bytes for t in tensors.values()), [{} for _ in range(count)], 0
    for name, tensor in tensors.items():
        parts[min(count - 1, done * count // total)][name] = tensor
        done += tensor.bytes
    return parts


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--preset", choices=PRESETS, default="2b4t")
    parser.add_argument("--architecture", default="BitNetForCausalLM",
                        choices=["BitNetForCausalLM", "LlamaForCausalLM"])
    parser.add_argument("--weights", choices=["packed", "inverse", "master"], default="packed",
                        help="packed codes with scales to multiply or divide by, or floats")
    parser.add_argument("--float-dtype", choices=["BF16", "F16", "F32"], default="BF16")
    parser.add_argument("--untied", dest="tied", action="store_false")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    for key, value in PRESETS["2b4t"].items():
        parser.add_argument("--" + key.replace("_", "-"), type=type(value))
    options = parser.parse_args()
    for key, value in PRESETS[options.preset].items():
        if getattr(options, key) is None:
            setattr(options, key, value)
    if options.vocab < 258:
        parser.error("--vocab: expected at least 258: 256 bytes and two special tokens")
    return options


def main():
    options = parse_options()
    maker = Maker(options)
    options.directory.mkdir(parents=True, exist_ok=True)
    config, vocabulary = maker.config(), tokenizer(options.vocab)
    first = options.vocab - min(256, options.vocab - 256)
    config["bos_token_id"], config["eos_token_id"] = first, first + 1
    (options.directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (options.directory / "tokenizer.json").write_text(
        json.dumps(vocabulary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    tensors = maker.tensors()
    if options.shards == 1:
        write_safetensors(options.directory / "model.safetensors", tensors)
    else:
        weight_map = {}
        for i, part in enumerate(split(tensors, options.shards), 1):
            name = f"model-{i:05}-of-{options.shards:05}.safetensors"
            write_safetensors(options.directory / name, part)
            weight_map.update(dict.fromkeys(part, name))
        (options.directory / "model.safetensors.index.json").write_text(json.dumps(
            {"metadata": {"total_size": sum(t.bytes for t in tensors.values())},
             "weight_map": weight_map}, indent=1) + "\n")
    print(f"{options.directory}: {len(tensors)} tensors, "
          f"{sum(t.bytes for t in tensors.values())} bytes")


if __name__ == "__main__":
    main()
