# SPDX-License-Identifier: Apache-2.0
"""The BitNet b1.58 2B-4T architecture, for training on one CPU core.

Every linear layer of this architecture follows an RMSNorm, so norm, int8
activation quantization, ternary weight quantization and the product are one
autograd function with a hand-written backward pass (straight-through: both
roundings count as the identity).  Quantized activations and weights are small
integers held in f32, so the products are exact; only the scales are real
numbers.  Shapes: B rows, T tokens, M = B * T, H hidden, D head size.
"""
import dataclasses

import torch
import torch.nn.functional as F

EPS_SCALE = 1e-5


@dataclasses.dataclass
class Config:
    """Sizes of a model, with the key names of config.json."""

    vocab_size: int = 1024
    hidden_size: int = 256
    intermediate_size: int = 640
    num_hidden_layers: int = 4
    num_attention_heads: int = 4
    num_key_value_heads: int = 2
    head_dim: int = 64
    max_position_embeddings: int = 512
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0


def ternary(weight):
    """Return (t, g): g = max(mean|w|, 1e-5), t = clip(round(w / g), -1, 1)."""
    g = weight.abs().mean().clamp_min(EPS_SCALE)
    return (weight / g).round_().clamp_(-1, 1), g


class NormLinear(torch.autograd.Function):
    """y = Q8(RMSNorm(x) * norm) @ ternary(W)^T for stacked matrices W.

    x [M, K], norm [K], weights: matrices [N_i, K], each with its own scale;
    result [M, sum N_i].  With quantize=False the same without both roundings.
    """

    @staticmethod
    def forward(ctx, quantize, eps, x, norm, *weights):
        rstd = x.square().mean(1, keepdim=True).add_(eps).rsqrt_()
        if quantize:
            left = x * norm
            # |x * norm| * rstd is the normalized row; scale after the maximum.
            peak = left.abs().amax(1, keepdim=True).clamp_min_(1e-30)
            left.mul_(127.0 / peak).round_()
            row = peak * rstd / 127.0
            parts = [ternary(w) for w in weights]
            matrix = torch.cat([t * g for t, g in parts])
            y = (left @ matrix.t()).mul_(row)
        else:
            left = (x * rstd).mul_(norm)
            row = rstd
            matrix = torch.cat(weights) if len(weights) > 1 else weights[0]
            y = left @ matrix.t()
        ctx.save_for_backward(x, norm, rstd, left, row, matrix)
        ctx.quantize, ctx.sizes = quantize, [len(w) for w in weights]
        return y

    @staticmethod
    def backward(ctx, grad):
        x, norm, rstd, left, row, matrix = ctx.saved_tensors
        d_normed = grad @ matrix
        scaled = grad * row if ctx.quantize else grad
        d_weights = (scaled.t() @ left).split(ctx.sizes)
        product = d_normed * x
        d_norm = rstd.squeeze(1) @ product
        shift = (product @ norm).unsqueeze(1)
        shift.mul_(rstd.pow(3)).mul_(-1.0 / x.shape[1])
        d_x = d_normed.mul_(norm).mul_(rstd).addcmul_(x, shift)
        return (None, None, d_x, d_norm, *d_weights)


class Attention(torch.autograd.Function):
    """Rotary position embedding and causal attention with grouped heads.

    qkv [M, (nq + 2 nkv) D] holds the query, key and value heads; result
    [M, nq D].  cos and sin [T, D / 2]; mask [T, T] is 0 or -inf.
    """

    @staticmethod
    def forward(ctx, qkv, cos, sin, mask, nq, nkv):
        steps, half = cos.shape
        dim, group = 2 * half, nq // nkv
        heads = qkv.view(-1, steps, nq + 2 * nkv, dim).transpose(1, 2)
        batch = len(heads)
        scale = dim ** -0.5
        q = rotate(heads[:, :nq], cos * scale, sin * scale)
        k = rotate(heads[:, nq:nq + nkv], cos, sin)
        q = q.view(batch * nkv, group * steps, dim)
        k = k.view(batch * nkv, steps, dim)
        v = heads[:, nq + nkv:].reshape(batch * nkv, steps, dim)
        prob = torch.baddbmm(mask.repeat(group, 1), q, k.transpose(1, 2))
        prob = torch.softmax(prob, -1)
        ctx.save_for_backward(q, k, v, prob, cos, sin)
        ctx.heads = batch, steps, nq, nkv, dim
        out = torch.bmm(prob, v).view(batch, nq, steps, dim)
        return out.transpose(1, 2).reshape(batch * steps, nq * dim)

    @staticmethod
    def backward(ctx, grad):
        q, k, v, prob, cos, sin = ctx.saved_tensors
        batch, steps, nq, nkv, dim = ctx.heads
        scale = dim ** -0.5
        d_out = grad.view(batch, steps, nq, dim).transpose(1, 2)
        d_out = d_out.reshape(batch * nkv, -1, dim)
        d_v = torch.bmm(prob.transpose(1, 2), d_out)
        d_prob = torch.bmm(d_out, v.transpose(1, 2))
        d_score = torch._softmax_backward_data(d_prob, prob, -1, torch.float32)
        d_q = torch.bmm(d_score, k).view(batch, nq, steps, dim)
        d_k = torch.bmm(d_score.transpose(1, 2), q)
        d_qkv = torch.empty(batch, steps, nq + 2 * nkv, dim)
        view = d_qkv.transpose(1, 2)
        rotate(d_q, cos * scale, -sin * scale, view[:, :nq])
        rotate(d_k.view(batch, nkv, steps, dim), cos, -sin,
               view[:, nq:nq + nkv])
        view[:, nq + nkv:] = d_v.view(batch, nkv, steps, dim)
        return (d_qkv.view(batch * steps, -1), None, None, None, None, None)


def rotate(x, cos, sin, out=None):
    """Rotate pairs (x_i, x_(i + D/2)) of x [B, heads, T, D] by the angles."""
    half = x.shape[-1] // 2
    out = torch.empty(x.shape) if out is None else out
    low, high = x[..., :half], x[..., half:]
    out[..., :half] = (low * cos).addcmul_(high, sin, value=-1)
    out[..., half:] = (high * cos).addcmul_(low, sin)
    return out


class SquaredReluGate(torch.autograd.Function):
    """h = relu(g)^2 * u for gate_up = [g, u], [M, 2 I]; result [M, I]."""

    @staticmethod
    def forward(ctx, gate_up):
        gate, up = gate_up.chunk(2, 1)
        relu = gate.clamp_min(0)
        relu_up = relu * up
        ctx.save_for_backward(relu, relu_up)
        return relu * relu_up

    @staticmethod
    def backward(ctx, grad):
        relu, relu_up = ctx.saved_tensors
        size = relu.shape[1]
        out = torch.empty(len(relu), 2 * size)
        out[:, :size] = relu_up.mul_(grad).mul_(2)
        out[:, size:] = relu.square_().mul_(grad)
        return out


class Layer(torch.nn.Module):
    """One decoder layer; parameter names are those of the checkpoint."""

    def __init__(self, cfg):
        super().__init__()
        hid, mid = cfg.hidden_size, cfg.intermediate_size
        wide = cfg.num_attention_heads * cfg.head_dim
        narrow = cfg.num_key_value_heads * cfg.head_dim
        shapes = {
            "self_attn.q_proj": (wide, hid), "self_attn.k_proj": (narrow, hid),
            "self_attn.v_proj": (narrow, hid), "self_attn.o_proj": (hid, wide),
            "mlp.gate_proj": (mid, hid), "mlp.up_proj": (mid, hid),
            "mlp.down_proj": (hid, mid),
            "input_layernorm": (hid,), "self_attn.attn_sub_norm": (wide,),
            "post_attention_layernorm": (hid,), "mlp.ffn_sub_norm": (mid,),
        }
        self.p = torch.nn.ParameterDict()
        for name, shape in shapes.items():
            value = torch.ones(shape) if len(shape) == 1 else init(shape)
            self.p[name.replace(".", "/")] = torch.nn.Parameter(value)

    def __getitem__(self, name):
        return self.p[name.replace(".", "/")]


def init(shape):
    """Return a matrix of N(0, 0.02^2)."""
    return torch.randn(shape) * 0.02


class Model(torch.nn.Module):
    """The causal language model with tied embeddings."""

    def __init__(self, cfg, quantize):
        super().__init__()
        self.cfg, self.quantize = cfg, quantize
        self.embed = torch.nn.Parameter(init((cfg.vocab_size,
                                              cfg.hidden_size)))
        self.norm = torch.nn.Parameter(torch.ones(cfg.hidden_size))
        self.layers = torch.nn.ModuleList(
            Layer(cfg) for _ in range(cfg.num_hidden_layers))
        self.tables = {}

    def table(self, steps):
        """Return cos, sin [T, D / 2] and the causal mask [T, T]."""
        if steps not in self.tables:
            half = self.cfg.head_dim // 2
            freq = self.cfg.rope_theta ** (
                -torch.arange(half, dtype=torch.float64) / half)
            angle = torch.arange(steps, dtype=torch.float64)[:, None] * freq
            mask = torch.full((steps, steps), float("-inf")).triu_(1)
            self.tables[steps] = (angle.cos().float(), angle.sin().float(),
                                  mask)
        return self.tables[steps]

    def forward(self, tokens):
        """Return logits [B * T, vocab] for tokens [B, T]."""
        cfg, eps = self.cfg, self.cfg.rms_norm_eps
        cos, sin, mask = self.table(tokens.shape[1])
        x = F.embedding(tokens.reshape(-1), self.embed)
        for p in self.layers:
            qkv = NormLinear.apply(
                self.quantize, eps, x, p["input_layernorm"],
                p["self_attn.q_proj"], p["self_attn.k_proj"],
                p["self_attn.v_proj"])
            att = Attention.apply(qkv, cos, sin, mask,
                                  cfg.num_attention_heads,
                                  cfg.num_key_value_heads)
            x = x + NormLinear.apply(
                self.quantize, eps, att, p["self_attn.attn_sub_norm"],
                p["self_attn.o_proj"])
            gate_up = NormLinear.apply(
                self.quantize, eps, x, p["post_attention_layernorm"],
                p["mlp.gate_proj"], p["mlp.up_proj"])
            x = x + NormLinear.apply(
                self.quantize, eps, SquaredReluGate.apply(gate_up),
                p["mlp.ffn_sub_norm"], p["mlp.down_proj"])
        return NormLinear.apply(False, eps, x, self.norm, self.embed)

    def checkpoint(self):
        """Return {tensor name of the Hugging Face checkpoint: f32 tensor}."""
        out = {"model.embed_tokens.weight": self.embed.detach(),
               "model.norm.weight": self.norm.detach()}
        for i, layer in enumerate(self.layers):
            for name, value in layer.p.items():
                name = name.replace("/", ".")
                out[f"model.layers.{i}.{name}.weight"] = value.detach()
        return out
