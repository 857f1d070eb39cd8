#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Generate text with an exported model (numpy only)."""
import argparse
import pathlib

import numpy as np

import bpe
import inference


def pick(logits, temperature, top_k, rng):
    """Return a token drawn from the top_k of softmax(logits / temperature)."""
    best = np.argsort(-logits, kind="stable")[:top_k]
    scaled = logits[best].astype(np.float64) / temperature
    weight = np.exp(scaled - scaled.max())
    return int(rng.choice(best, p=weight / weight.sum()))


def generate(model, tokenizer, prompt, count, temperature, top_k, seed):
    """Return the text of at most count new tokens after the prompt."""
    rng = np.random.default_rng(seed)
    ids, caches, new = tokenizer.encode(prompt, bos=True), [], []
    room = model.cfg["max_position_embeddings"] - len(ids)
    while len(new) < min(count, room):
        logits = model.forward(ids, caches)[-1]
        ids = [pick(logits, temperature, top_k, rng)]
        if ids[0] == tokenizer.eos:
            break
        new += ids
    return tokenizer.decode(new)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--model", type=pathlib.Path, required=True, help="model folder")
    add("--prompt", action="append", required=True, help="may be repeated")
    add("--tokens", type=int, default=150, help="new tokens at most")
    add("--temperature", type=float, default=0.8)
    add("--top-k", type=int, default=40)
    add("--seed", type=int, default=1)
    args = parser.parse_args()
    tokenizer = bpe.Tokenizer(args.model / "tokenizer.json")
    model = inference.Model(args.model)
    for prompt in args.prompt:
        prompt = prompt.replace("\\n", "\n")
        print(prompt + generate(model, tokenizer, prompt, args.tokens,
                                args.temperature, args.top_k, args.seed))
        print("-" * 60)


if __name__ == "__main__":
    main()
