#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Train the ternary model or its dense twin on one CPU core.

The learning rate rises linearly over the first steps and then falls along a
cosine; weight decay is on in the first half only (the two-stage recipe of
BitNet).  Progress is counted in steps.  With --deadline it is counted in wall
time instead: the schedule ends at that moment and the number of steps done is
printed and stored, to be given as --steps next time.  A run that finds its
own checkpoint continues it.
"""
import argparse
import json
import math
import os
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F

import bitnet
import bpe
import data


def arguments():
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--text", type=pathlib.Path, required=True, help="training text")
    add("--heldout", type=pathlib.Path, required=True, help="held-out text")
    add("--tokenizer", type=pathlib.Path, required=True,
        help="tokenizer.json")
    add("--out", type=pathlib.Path, required=True, help="checkpoint, .pt")
    add("--dense", action="store_true", help="no quantization (the twin)")
    add("--steps", type=int, default=2017, help="steps in all")
    add("--deadline", type=float,
        help="end of the run in seconds since 1970, instead of --steps")
    add("--lr", type=float, default=2e-3, help="highest learning rate")
    add("--warmup", type=int, default=150, help="steps of rising rate")
    add("--decay", type=float, default=0.1, help="weight decay, first half")
    add("--windows", type=int, default=4, help="512-token windows per step")
    add("--seed", type=int, default=1611, help="seed of weights and data")
    add("--save-every", type=float, default=180, help="seconds")
    return parser.parse_args()


def rate(args, step, progress):
    """Return the learning rate: warm-up, then cosine from 1 to 0.02."""
    if step < args.warmup:
        return args.lr * (step + 1) / args.warmup
    return args.lr * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * progress)))


@torch.no_grad()
def heldout_loss(model, rows, limit=None):
    """Return (sum of -log p in nats, number of predicted tokens)."""
    total, count = 0.0, 0
    for begin in range(0, len(rows[0][:limit]), 8):
        inputs, targets = (torch.from_numpy(a[begin:begin + 8]) for a in rows)
        total += F.cross_entropy(model(inputs), targets.reshape(-1),
                                 ignore_index=-1, reduction="sum").item()
        count += int((targets >= 0).sum())
    return total, count


def save(path, **state):
    """Write a checkpoint so that a crash never leaves half of it."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def main():
    """Command line."""
    args = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    tokenizer = bpe.Tokenizer(args.tokenizer)
    rows = data.Rows(args.text, tokenizer, args.seed, args.windows)
    held = data.heldout_rows(args.heldout.read_text(encoding="utf-8"),
                             tokenizer, 256)
    cfg = bitnet.Config(vocab_size=tokenizer.size)
    model = bitnet.Model(cfg, quantize=not args.dense)
    matrices = [p for p in model.parameters() if p.dim() == 2]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices}, {"params": vectors}], betas=(0.9, 0.95),
        weight_decay=0.0, foreach=True)
    step, elapsed, losses = 0, 0.0, []
    if args.out.exists():
        state = torch.load(args.out)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, elapsed = state["step"], state["elapsed"]
    print(f"{sum(p.numel() for p in model.parameters())} parameters, "
          f"{len(rows.ids)} tokens, step {step}", flush=True)
    begin = saved = time.time()
    budget = args.deadline - begin + elapsed if args.deadline else None
    while True:
        spent = elapsed + time.time() - begin
        progress = spent / budget if budget else step / args.steps
        done = progress >= 1
        if done or time.time() - saved > args.save_every:
            save(args.out, model=model.state_dict(), step=step, elapsed=spent,
                 optimizer=optimizer.state_dict(), config=vars(cfg),
                 quantize=model.quantize)
            saved = time.time()
        if done or step % 250 == 0:
            nats, count = heldout_loss(model, held[:2], None if done else 32)
            share = held[2] * count / (held[1] >= 0).sum()
            print(json.dumps({
                "step": step, "seconds": round(spent),
                "progress": round(progress, 4),
                "train_nats": round(float(np.mean(losses[-250:] or [0])), 4),
                "heldout_nats": round(nats / count, 4),
                "heldout_bits_per_byte": round(nats / math.log(2) / share, 4),
            }), flush=True)
        if done:
            break
        lr = rate(args, step, progress)
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.param_groups[0]["weight_decay"] = (
            args.decay if progress < 0.5 else 0.0)
        inputs, targets = map(torch.from_numpy, rows.batch(step))
        loss = F.cross_entropy(model(inputs), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        step += 1


if __name__ == "__main__":
    main()
