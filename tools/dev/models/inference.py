# SPDX-License-Identifier: Apache-2.0
"""A second, plain implementation of the model, on exported folders, in numpy.

It shares no code with the training graph.  Arithmetic is f32, or f64 to see
how much of a result is rounding.  T tokens, H hidden, D head size.
"""
import json

import numpy as np

import safetensors_io as st
import ternary


class Model:
    """A model folder: packed, online (master) or plain bf16."""

    def __init__(self, folder, dtype=np.float32):
        with open(folder / "config.json", encoding="utf-8") as file:
            self.cfg = json.load(file)
        self.dtype = dtype
        quant = self.cfg.get("quantization_config")
        self.quantized = quant is not None
        self.w = {}
        stored = st.read(folder / "model.safetensors")
        for name, array in stored.items():
            if name.endswith(".weight_scale"):
                continue
            if not (self.quantized and name.endswith("_proj.weight")):
                self.w[name] = st.from_bf16(array).astype(dtype)
            elif quant["quantization_mode"] == "offline":
                scale = st.from_bf16(stored[name + "_scale"])[0]
                self.w[name] = ternary.unpack(array).astype(dtype), scale
            else:
                codes, scale = ternary.absmean(st.from_bf16(array))
                scale = st.from_bf16(st.to_bf16(scale))
                self.w[name] = codes.astype(dtype), scale
        half = self.cfg["head_dim"] // 2
        freq = self.cfg["rope_theta"] ** (-np.arange(half) / half)
        angle = np.arange(self.cfg["max_position_embeddings"])[:, None] * freq
        self.cos = np.cos(angle).astype(dtype)
        self.sin = np.sin(angle).astype(dtype)

    def norm(self, x, name):
        """RMSNorm: x / sqrt(mean(x^2) + eps) * weight, rows of x [T, K]."""
        mean = np.mean(x * x, axis=1, keepdims=True, dtype=self.dtype)
        eps = self.dtype(self.cfg["rms_norm_eps"])
        return x / np.sqrt(mean + eps) * self.w[name + ".weight"]

    def linear(self, x, name):
        """x W^T; quantized: (q t^T) * (s_w * s_x), an exact integer sum."""
        weight = self.w[name + ".weight"]
        if not self.quantized:
            return x @ weight.T
        codes, scale = weight
        q, row = ternary.quantize_rows(x)
        return (q @ codes.T) * (scale * row)

    def rope(self, x, first):
        """Rotate the halves of x [T, heads, D]; first is the position."""
        half = x.shape[2] // 2
        cos = self.cos[first:first + len(x), None]
        sin = self.sin[first:first + len(x), None]
        low, high = x[..., :half], x[..., half:]
        return np.concatenate([low * cos - high * sin,
                               high * cos + low * sin], axis=2)

    def attention(self, h, name, cache):
        """Causal attention with grouped heads; appends to cache (k, v)."""
        cfg, count = self.cfg, len(h)
        dim, nkv = cfg["head_dim"], cfg["num_key_value_heads"]
        group = cfg["num_attention_heads"] // nkv
        q, k, v = (self.linear(h, f"{name}.{c}_proj").reshape(count, -1, dim)
                   for c in "qkv")
        first = len(cache[0]) if cache else 0
        q, k = self.rope(q, first), self.rope(k, first)
        if cache:
            k, v = (np.concatenate(pair) for pair in zip(cache, (k, v)))
        cache[:] = [k, v]
        k, v = (a.repeat(group, axis=1) for a in (k, v))
        score = np.einsum("qhd,khd->hqk", q, k) / self.dtype(dim ** 0.5)
        hidden = np.arange(len(k)) > first + np.arange(count)[:, None]
        score = np.where(hidden, self.dtype(-np.inf), score)
        score = np.exp(score - score.max(2, keepdims=True))
        score /= score.sum(2, keepdims=True)
        return np.einsum("hqk,khd->qhd", score, v).reshape(count, -1)

    def forward(self, tokens, caches=None):
        """Return logits [T, vocab]; caches is a list, [] at the start."""
        count = self.cfg["num_hidden_layers"]
        caches = [] if caches is None else caches
        caches.extend([] for _ in range(count - len(caches)))
        x = self.w["model.embed_tokens.weight"][tokens]
        for i in range(count):
            p = f"model.layers.{i}."
            h = self.norm(x, p + "input_layernorm")
            h = self.attention(h, p + "self_attn", caches[i])
            h = self.norm(h, p + "self_attn.attn_sub_norm")
            x = x + self.linear(h, p + "self_attn.o_proj")
            h = self.norm(x, p + "post_attention_layernorm")
            gate = np.maximum(self.linear(h, p + "mlp.gate_proj"), 0)
            h = gate * gate * self.linear(h, p + "mlp.up_proj")
            h = self.norm(h, p + "mlp.ffn_sub_norm")
            x = x + self.linear(h, p + "mlp.down_proj")
        x = self.norm(x, "model.norm")
        return x @ self.w["model.embed_tokens.weight"].T

    def nll(self, inputs, targets):
        """Return -log p [T] in nats of targets, -1 giving 0."""
        logits = self.forward(inputs).astype(np.float64)
        logits -= logits.max(1, keepdims=True)
        logp = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        picked = logp[np.arange(len(targets)), np.maximum(targets, 0)]
        return np.where(targets < 0, 0.0, -picked)
