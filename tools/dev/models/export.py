#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write a training checkpoint as Hugging Face model folders.

Ternary run: --out gets the packed model (autobitlinear, offline: weight =
code * weight_scale), --out/master the bf16 weights it was made from
(autobitlinear, online).  Codes and scales come from the bf16 weights by the
`absmean` rule of ternary.py.  Dense run: --out gets plain bf16 weights.
"""
import argparse
import json
import pathlib
import shutil

import torch

import bitnet
import bpe
import safetensors_io as st
import ternary


def config(cfg, tokenizer, quantization=None):
    """Return the object of config.json."""
    out = {
        "architectures": ["BitNetForCausalLM"], "model_type": "bitnet",
        "bos_token_id": tokenizer.bos, "eos_token_id": tokenizer.eos,
        "hidden_act": "relu2", "initializer_range": 0.02,
        **vars(cfg), "tie_word_embeddings": True,
        "torch_dtype": "bfloat16", "use_cache": True,
    }
    if quantization:
        out["quantization_config"] = {
            "quant_method": "bitnet", "linear_class": "autobitlinear",
            "quantization_mode": quantization}
    return out


def write_folder(folder, settings, tensors, tokenizer_folder):
    """Write one model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer_folder / name, folder / name)
    st.write(folder / "model.safetensors", tensors)


def packed(masters):
    """Return the packed tensors for {name: bf16 bits} of the master."""
    out = {}
    for name, bits in masters.items():
        if not name.endswith("_proj.weight"):
            out[name] = bits
            continue
        codes, scale = ternary.absmean(st.from_bf16(bits))
        out[name] = ternary.pack(codes)
        out[name + "_scale"] = st.to_bf16(scale.reshape(1))
    return out


def main():
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=pathlib.Path, required=True,
                        help="file written by train.py")
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True,
                        help="folder written by train_tokenizer.py")
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="model folder")
    args = parser.parse_args()
    state = torch.load(args.checkpoint, map_location="cpu")
    cfg = bitnet.Config(**state["config"])
    model = bitnet.Model(cfg, state["quantize"])
    model.load_state_dict(state["model"])
    masters = {name: st.to_bf16(value.numpy())
               for name, value in model.checkpoint().items()}
    tokenizer = bpe.Tokenizer(args.tokenizer / "tokenizer.json")
    if state["quantize"]:
        write_folder(args.out, config(cfg, tokenizer, "offline"),
                     packed(masters), args.tokenizer)
        write_folder(args.out / "master", config(cfg, tokenizer, "online"),
                     masters, args.tokenizer)
    else:
        write_folder(args.out, config(cfg, tokenizer), masters,
                     args.tokenizer)
    print(f"step {state['step']}, {state['elapsed']:.0f} s")


if __name__ == "__main__":
    main()
