#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the makers; run this file.  Needs no text and no trained model."""
import json
import pathlib
import tempfile
import unittest

import numpy as np
import torch
import torch.nn.functional as F

import bitnet
import bpe
import byte_baseline
import data
import export
import inference
import safetensors_io as st
import ternary

TINY = bitnet.Config(vocab_size=300, hidden_size=32, intermediate_size=48,
                     num_hidden_layers=2, num_attention_heads=4,
                     num_key_value_heads=2, head_dim=8,
                     max_position_embeddings=64)


def tiny_model(quantize):
    """Return a small model with random norms, so that none is the identity."""
    torch.manual_seed(7)
    model = bitnet.Model(TINY, quantize)
    for p in model.parameters():
        if p.dim() == 1:
            p.data += 0.2 * torch.randn(p.shape)
    return model


def plain_logits(model, tokens):
    """Return the logits of the dense model by autograd on plain operations."""
    cfg = model.cfg
    rows, steps = tokens.shape
    cos, sin, mask = model.table(steps)

    def norm(x, weight):
        mean = x.square().mean(-1, keepdim=True)
        return x * torch.rsqrt(mean + cfg.rms_norm_eps) * weight

    def heads(x):
        return x.view(rows, steps, -1, cfg.head_dim).transpose(1, 2)

    def turn(x):
        low, high = x.chunk(2, -1)
        return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)

    group = cfg.num_attention_heads // cfg.num_key_value_heads
    x = model.embed[tokens]
    for p in model.layers:
        h = norm(x, p["input_layernorm"])
        q, k, v = (heads(h @ p[f"self_attn.{c}_proj"].t()) for c in "qkv")
        k, v = (a.repeat_interleave(group, 1) for a in (turn(k), v))
        score = turn(q) @ k.transpose(2, 3) / cfg.head_dim ** 0.5 + mask
        h = (score.softmax(-1) @ v).transpose(1, 2).reshape(rows, steps, -1)
        h = norm(h, p["self_attn.attn_sub_norm"])
        x = x + h @ p["self_attn.o_proj"].t()
        h = norm(x, p["post_attention_layernorm"])
        gate = F.relu(h @ p["mlp.gate_proj"].t())
        h = gate ** 2 * (h @ p["mlp.up_proj"].t())
        x = x + norm(h, p["mlp.ffn_sub_norm"]) @ p["mlp.down_proj"].t()
    return (norm(x, model.norm) @ model.embed.t()).flatten(0, 1)


class Training(unittest.TestCase):
    """The hand-written forward and backward passes."""

    def test_dense_logits_and_gradients(self):
        model = tiny_model(quantize=False)
        tokens = torch.randint(TINY.vocab_size, (3, 11))
        target = torch.randint(TINY.vocab_size, (33,))
        results = []
        for forward in (model, lambda t: plain_logits(model, t)):
            model.zero_grad()
            logits = forward(tokens)
            F.cross_entropy(logits, target).backward()
            results.append((logits.detach(),
                            [p.grad.clone() for p in model.parameters()]))
        (left, left_grads), (right, right_grads) = results
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-5)
        for a, b in zip(left_grads, right_grads):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6)

    def test_quantized_product_and_straight_through_gradient(self):
        torch.manual_seed(3)
        x = torch.randn(5, 16, requires_grad=True)
        norm = (1 + 0.1 * torch.randn(16)).requires_grad_()
        mats = [torch.randn(n, 16, requires_grad=True) for n in (4, 7)]
        y = bitnet.NormLinear.apply(True, 1e-5, x, norm, *mats)
        grad = torch.randn(y.shape)
        got = torch.autograd.grad(y, [x, norm, *mats], grad)
        mean = x.square().mean(1, keepdim=True)
        normed = x * torch.rsqrt(mean + 1e-5) * norm
        peak = normed.detach().abs().amax(1, keepdim=True)
        rounded = (normed.detach() * (127 / peak)).round() * (peak / 127)
        left = normed + (rounded - normed).detach()
        parts = []
        for w in mats:
            t, g = bitnet.ternary(w.detach())
            parts.append(w + (t * g - w).detach())
        want_y = left @ torch.cat(parts).t()
        want = torch.autograd.grad(want_y, [x, norm, *mats], grad)
        torch.testing.assert_close(y, want_y, rtol=1e-5, atol=1e-5)
        for a, b in zip(got, want):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


class Export(unittest.TestCase):
    """Exported folders and the second implementation."""

    def folder(self, quantize):
        """Return (model with bf16 weights, folder it was exported to)."""
        model = tiny_model(quantize)
        for p in model.parameters():
            p.data = torch.from_numpy(st.from_bf16(st.to_bf16(p.data.numpy())))
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        root = pathlib.Path(place.name)
        token = root / "token"
        token.mkdir()
        merges = bpe.train("the cat sat on the mat, the hat " * 9, 262)
        (token / "tokenizer.json").write_text(
            json.dumps(bpe.tokenizer_json(merges)), encoding="utf-8")
        (token / "tokenizer_config.json").write_text("{}")
        tokenizer = bpe.Tokenizer(token / "tokenizer.json")
        masters = {n: st.to_bf16(v.numpy())
                   for n, v in model.checkpoint().items()}
        if quantize:
            export.write_folder(root / "packed",
                                export.config(TINY, tokenizer, "offline"),
                                export.packed(masters), token)
        export.write_folder(
            root / "bf16",
            export.config(TINY, tokenizer, "online" if quantize else None),
            masters, token)
        return model, root

    def test_dense_folder_gives_the_logits_of_training(self):
        model, root = self.folder(quantize=False)
        tokens = torch.randint(TINY.vocab_size, (1, 40))
        with torch.no_grad():
            want = model(tokens).numpy()
        got = inference.Model(root / "bf16").forward(tokens[0].numpy())
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)

    def test_packed_folder_is_the_master_folder(self):
        model, root = self.folder(quantize=True)
        tokens = np.arange(40) * 7 % TINY.vocab_size
        packed = inference.Model(root / "packed")
        whole = packed.forward(tokens)
        master = inference.Model(root / "bf16").forward(tokens)
        np.testing.assert_array_equal(whole, master)
        caches = []
        parts = [packed.forward(part, caches)
                 for part in np.split(tokens, [13, 14])]
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=0.02)
        with torch.no_grad():
            trained = model(torch.from_numpy(tokens[None])).numpy()
        self.assertLess(np.abs(trained - whole).mean(),
                        0.05 * np.abs(whole).mean())


class Ternary(unittest.TestCase):
    """Rules and bytes of ternary.py and safetensors_io.py."""

    def test_absmean_rounds_ties_to_even_and_clamps(self):
        # mean|w| = 1: ties at +-0.5 go to 0, at 1.5 to 2, which is clamped
        w = np.float32([[0.5, -0.5, 1.5, -1.5, 0.25, 1.75, -2, 0]])
        codes, g = ternary.absmean(w)
        self.assertEqual(g, 1)
        np.testing.assert_array_equal(codes, [[0, 0, 1, -1, 0, 1, -1, 0]])
        codes, g = ternary.absmean(np.zeros((4, 2), np.float32))
        self.assertEqual(g, np.float32(1e-5))
        self.assertFalse(codes.any())

    def test_packing(self):
        codes = np.int8([[-1], [0], [1], [0], [0], [1], [1], [-1]])
        packed = ternary.pack(codes)
        # byte 0: rows 0, 2, 4, 6 = 00 10 01 10 from the low bits up
        np.testing.assert_array_equal(packed, [[0b10011000], [0b00100101]])
        np.testing.assert_array_equal(ternary.unpack(packed), codes)
        with self.assertRaises(ValueError):
            ternary.unpack(np.uint8([[3]]))

    def test_activation_rule(self):
        q, s = ternary.quantize_rows(np.float32([[127, 0.5, 1.5, -127],
                                                 [0, 0, 0, 0]]))
        np.testing.assert_array_equal(q, [[127, 0, 2, -127], [0, 0, 0, 0]])
        np.testing.assert_array_equal(s[:, 0], np.float32([1, 1e-5])
                                      / np.float32([1, 127]))

    def test_bf16_and_safetensors(self):
        values = np.float32([1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -2.5])
        bits = st.to_bf16(values)
        np.testing.assert_array_equal(st.from_bf16(bits),
                                      [1, 1, 1 + 2 ** -6, -2.5])
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "x.safetensors"
            st.write(path, {"b": bits, "a": np.arange(3, dtype=np.uint8)})
            self.assertEqual(path.read_bytes()[0] % 8, 0)
            back = st.read(path)
        self.assertEqual(list(back), ["b", "a"])
        np.testing.assert_array_equal(back["b"], bits)


class Text(unittest.TestCase):
    """Splitter, tokenizer, rows and the byte model."""

    def test_split(self):
        cases = {
            "don't DON'T": ["don", "'t", " DON", "'T"],
            "'rest 's": ["'re", "st", " '", "s"],
            "a  b \n c": ["a", " ", " b", " \n", " c"],
            "12345 x": ["123", "45", " x"],
            "end.\n\n  ": ["end", ".\n\n", "  "],
            "caf\u00e9, cafe\u0301": ["caf\u00e9", ",", " cafe", "\u0301"],
        }
        for text, pieces in cases.items():
            self.assertEqual(bpe.split(text), pieces)

    def test_merges_and_round_trip(self):
        text = "low lower lowest low low " * 3
        merges = bpe.train(text, 256 + 2 + 3)
        self.assertEqual(merges, [("l", "o"), ("lo", "w"),
                                  ("\u0120", "low")])
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "tokenizer.json"
            path.write_text(json.dumps(bpe.tokenizer_json(merges)))
            tokenizer = bpe.Tokenizer(path)
        ids = tokenizer.encode(" low\u00e9\U0001f600" + bpe.EOS, bos=True)
        self.assertEqual(ids[0], tokenizer.bos)
        self.assertEqual(ids[-1], tokenizer.eos)
        self.assertEqual(tokenizer.decode(ids[1:-1]),
                         " low\u00e9\U0001f600")
        rows = data.heldout_rows(text, tokenizer, 4)
        flat = rows[1].reshape(-1)
        self.assertEqual(list(flat[flat >= 0]), tokenizer.encode(text))
        self.assertTrue((rows[0][:, 0] == tokenizer.bos).all())

    def test_byte_model_is_a_distribution(self):
        tables = byte_baseline.learn(b"abracadabra", 3)
        total = sum(2 ** -(byte_baseline.cost(tables, b"abr" + bytes([b]))
                           - byte_baseline.cost(tables, b"abr"))
                    for b in range(256))
        self.assertAlmostEqual(total, 1)


if __name__ == "__main__":
    unittest.main()
