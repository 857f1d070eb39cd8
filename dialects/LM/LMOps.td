#ifndef LOBIT_DIALECTS_LM_LMOPS_TD
#define LOBIT_DIALECTS_LM_LMOPS_TD

include "dialects/LM/LMDialect.td"
include "dialects/Lobit/LobitTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/EnumAttr.td"

def LM_CacheType : TypeDef<LM_Dialect, "Cache"> {
  let typeName = "lm.cache";
  let summary = "the keys and values of one layer, kept between calls";
  let description = [{
    Two buffers [kvHeads, maxContext, headDim], keys then values, of f32, f16 (rounded) or
    i8: codes with one scale for each head and position (docs/numerics.md). f32 is not
    spelled.

    ```mlir
    !lm.cache<2x512x64>
    !lm.cache<2x512x64, f16>
    ```
  }];
  let parameters = (ins "int64_t":$kvHeads, "int64_t":$maxContext, "int64_t":$headDim,
                        "::mlir::Type":$element);
  let genVerifyDecl = 1;
}

def LM_Activation : I32EnumAttr<"Activation", "activation of a gated MLP", [
      I32EnumAttrCase<"Relu2", 0, "relu2">, I32EnumAttrCase<"Silu", 1, "silu">]> {
  let cppNamespace = "::lobit::lm";
}

class LM_Op<string opMnemonic, list<Trait> traits = []> : Op<LM_Dialect, opMnemonic, traits>;

// [tokens, features].
defvar LM_Rows = 2DTensorOf<[F32]>;

def LM_CacheOp : LM_Op<"cache", [Pure]> {
  let summary = "the key-value cache of a layer";
  let description = [{
    Names the memory that lm.attention of this layer reads and writes. The op itself is
    pure: two of them with one number are the same cache. Layers count from 0.

    ```mlir
    %c = lm.cache 3 : !lm.cache<2x512x64>
    ```
  }];
  let arguments = (ins I64Attr:$layer);
  let results = (outs LM_CacheType:$result);
  let assemblyFormat = "$layer attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def LM_EmbedOp : LM_Op<"embed", [Pure]> {
  let summary = "the rows of the embedding table at the token ids";
  let description = [{
    Result row t is row `tokens[t]` of the table [vocabulary, features], widened to f32
    or, when it is quantized, scale times code. Token ids are 0 .. vocabulary - 1.

    ```mlir
    %x = lm.embed %tokens, %table : tensor<?xi32>, !lobit.weight<1024x256xbf16> -> tensor<?x256xf32>
    ```
  }];
  let arguments = (ins 1DTensorOf<[I32]>:$tokens, Lobit_WeightType:$table);
  let results = (outs LM_Rows:$result);
  let assemblyFormat = "$tokens `,` $table attr-dict `:` type($tokens) `,` type($table) `->` type($result)";
  let hasVerifier = 1;
}

def LM_RmsNormOp : LM_Op<"rms_norm", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "root-mean-square normalization of each token";
  let description = [{
    y = (x * (1 / sqrt(mean(x^2) + eps))) * weight, for each token by itself. The weight
    is a vector of kept values with one number for each column.

    ```mlir
    %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x256xf32>, !lobit.weight<256xbf16>
    ```
  }];
  let arguments = (ins LM_Rows:$input, Lobit_WeightType:$weight, F32Attr:$eps);
  let results = (outs LM_Rows:$result);
  let assemblyFormat = "$input `,` $weight `eps` $eps attr-dict `:` type($input) `,` type($weight)";
  let hasVerifier = 1;
}

def LM_RopeOp : LM_Op<"rope", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "rotary position embedding, half-rotation form";
  let description = [{
    `input` is [tokens, heads * headDim]. The table is [maxContext, headDim]: for each
    position headDim / 2 cosines, then headDim / 2 sines. Token t has position
    `position + t`. For i < headDim / 2, c and s of pair i:
    y[i] = x[i] c - x[i + headDim/2] s, y[i + headDim/2] = x[i + headDim/2] c + x[i] s.

    ```mlir
    %y = lm.rope %x, %table at %position heads 4 : tensor<?x256xf32>, !lobit.weight<512x64xf32>
    ```
  }];
  let arguments = (ins LM_Rows:$input, Lobit_WeightType:$table, Index:$position, I64Attr:$heads);
  let results = (outs LM_Rows:$result);
  let assemblyFormat = "$input `,` $table `at` $position `heads` $heads attr-dict `:` type($input) `,` type($table)";
  let hasVerifier = 1;
}

def LM_CacheResource : Resource<"::lobit::lm::CacheResource">;

def LM_AttentionOp : LM_Op<"attention", [
      AllTypesMatch<["query", "result"]>, AllTypesMatch<["key", "value"]>]> {
  let summary = "causal attention with a key-value cache and grouped heads";
  let description = [{
    Appends keys and values of the tokens to the cache at `position`, then lets query
    t attend to positions 0 .. position + t. Query head h reads key-value head
    h / (heads / kvHeads); heads is a multiple of kvHeads. `query` is
    [tokens, heads * headDim], `key` and `value` are [tokens, kvHeads * headDim]. Scores
    are scaled by the f32 `scale`. position + tokens is at most maxContext. Positions are
    taken in blocks of 256 that are put together at the end (docs/numerics.md).

    ```mlir
    %y = lm.attention %q, %k, %v, %cache at %position heads 4 scale 1.250000e-01
           : tensor<?x256xf32>, tensor<?x128xf32>, !lm.cache<2x512x64>
    ```
  }];
  let arguments = (ins LM_Rows:$query, LM_Rows:$key, LM_Rows:$value,
                       Arg<LM_CacheType, "", [MemRead<LM_CacheResource>,
                                              MemWrite<LM_CacheResource>]>:$cache,
                       Index:$position, I64Attr:$heads, F32Attr:$scale);
  let results = (outs LM_Rows:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value `,` $cache `at` $position `heads` $heads `scale` $scale
    attr-dict `:` type($query) `,` type($key) `,` type($cache)
  }];
  let hasVerifier = 1;
}

def LM_GatedActivationOp : LM_Op<"gated_activation", [Pure, SameOperandsAndResultType]> {
  let summary = "activation(gate) * up";
  let description = [{
    `relu2` is max(x, 0)^2, `silu` is x / (1 + exp(-x)) with the exp of docs/numerics.md.

    ```mlir
    %y = lm.gated_activation relu2 %gate, %up : tensor<?x640xf32>
    ```
  }];
  let arguments = (ins LM_Activation:$activation, LM_Rows:$gate, LM_Rows:$up);
  let results = (outs LM_Rows:$result);
  let assemblyFormat = "$activation $gate `,` $up attr-dict `:` type($result)";
}

def LM_AddOp : LM_Op<"add", [Pure, SameOperandsAndResultType, Commutative]> {
  let summary = "residual addition";
  let description = [{
    lhs + rhs, element by element.

    ```mlir
    %y = lm.add %x, %z : tensor<?x256xf32>
    ```
  }];
  let arguments = (ins LM_Rows:$lhs, LM_Rows:$rhs);
  let results = (outs LM_Rows:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($result)";
}

def LM_HeadOp : LM_Op<"head", [Pure]> {
  let summary = "logits of the rows from `first` on";
  let description = [{
    `lobit.linear` of rows first .. tokens - 1 with the vocabulary matrix. Rows before
    `first` are not computed, which is what decoding a prompt needs. The result has
    tokens - first rows.

    ```mlir
    %logits = lm.head %x, %w from %first : tensor<?x256xf32>, !lobit.weight<1024x256xbf16> -> tensor<?x1024xf32>
    ```
  }];
  let arguments = (ins LM_Rows:$input, Lobit_WeightType:$weight, Index:$first);
  let results = (outs LM_Rows:$result);
  let assemblyFormat = "$input `,` $weight `from` $first attr-dict `:` type($input) `,` type($weight) `->` type($result)";
  let hasVerifier = 1;
}

#endif // LOBIT_DIALECTS_LM_LMOPS_TD
