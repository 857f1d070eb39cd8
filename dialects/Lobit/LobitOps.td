#ifndef LOBIT_DIALECTS_LOBIT_LOBITOPS_TD
#define LOBIT_DIALECTS_LOBIT_LOBITOPS_TD

include "dialects/Lobit/LobitAttrs.td"
include "dialects/Lobit/LobitTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

class Lobit_Op<string opMnemonic, list<Trait> traits = []>
    : Op<Lobit_Dialect, opMnemonic, traits>;

def Lobit_WeightOp : Lobit_Op<"weight", [Pure]> {
  let summary = "a weight, by name or inline";
  let description = [{
    By name: the values are those of the tensor `name` of the model file; the type has
    no layout. Inline, for small modules and tests: `codes` of the type's shape (i8,
    -1..1 for ternary, -127..127 for int8, -8..7 for int4 and -32..31 in two pairs of each 8 columns for
    int6; or the float values of a kept weight; or, when the type has a layout, its bytes
    with their padding as a vector of i8) and, for quantized types, `scales`: a vector of
    the scale type with one number for the tensor, for each row, or for each group, row
    by row. Exactly one of the two forms
    is used.

    ```mlir
    %0 = lobit.weight "model.layers.0.mlp.up_proj.weight" : !lobit.weight<640x256xbf16>
    %1 = lobit.weight codes dense<[[1, -1, 0]]> : tensor<1x3xi8>
           scales dense<0.5> : tensor<1xf32>
           : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
    %2 = lobit.weight codes dense<1.0> : tensor<4xf32> : !lobit.weight<4xf32>
    ```
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$name, OptionalAttr<ElementsAttr>:$codes,
                       OptionalAttr<ElementsAttr>:$scales);
  let results = (outs Lobit_WeightType:$result);
  let assemblyFormat = [{
    ($name^)? (`codes` $codes^)? (`scales` $scales^)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Lobit_QuantizeOp : Lobit_Op<"quantize", [Pure]> {
  let summary = "quantize a kept weight";
  let description = [{
    The arithmetic of docs/quantization.md under the name `method`: `absmean`,
    `absmean-hf`, `absmean-block`, `absmean-refit`, `optimal` for ternary results,
    `absmax` for int8 results, `search` for int4 results, `magnitude`, `seed`, `seed-exact` for int6
    results. Input and result have the same shape; the input is kept
    values, the result codes without a layout. Its type says granularity and scale type.

    ```mlir
    %1 = lobit.quantize "optimal" %0 : !lobit.weight<640x256xbf16>
           to !lobit.weight<640x256, #lobit.ternary<group = 256, f32>>
    ```
  }];
  let arguments = (ins StrAttr:$method, Lobit_WeightType:$input);
  let results = (outs Lobit_WeightType:$result);
  let assemblyFormat = "$method $input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Lobit_PackOp : Lobit_Op<"pack", [Pure]> {
  let summary = "give the codes of a quantized weight a byte layout";
  let description = [{
    The result type is the input type with a layout of the same scheme: `t2_tile`,
    `b3_tile`, `t2_dot` or `t2_tl1` for ternary, `i8_tile` or `i8_dot` for int8, `i4_tile` for int4, `i6_tile`
    or `i6_pair24` for int6. A layout means the same bytes on every ISA
    (runtime/format/Layouts.inc); scales stay as they are.

    ```mlir
    %2 = lobit.pack %1 : !lobit.weight<640x256, #lobit.ternary<tensor, f32>>
           to !lobit.weight<640x256, #lobit.ternary<tensor, f32>, t2_dot>
    ```
  }];
  let arguments = (ins Lobit_WeightType:$input);
  let results = (outs Lobit_WeightType:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Lobit_LinearOp : Lobit_Op<"linear", [Pure]> {
  let summary = "y = x W^T (+ bias) in the arithmetic of the weight's scheme";
  let description = [{
    `x` is [tokens, in], the weight [out, in], the bias [out], the result
    [tokens, out]. With ternary, int8, int6 and int4 weights each token of `x` is quantized to
    int8 and the dot products are exact integers; with kept weights everything is
    f32 in the fixed 16-lane order (docs/quantization.md, sections 3, 4 and 6).

    ```mlir
    %y = lobit.linear %x, %w : tensor<?x256xf32>, !lobit.weight<640x256xf32> -> tensor<?x640xf32>
    %z = lobit.linear %x, %w bias %b : tensor<?x256xf32>, !lobit.weight<640x256xf32>,
           !lobit.weight<640xf32> -> tensor<?x640xf32>
    ```
  }];
  let arguments = (ins 2DTensorOf<[F32]>:$input, Lobit_WeightType:$weight,
                       Optional<Lobit_WeightType>:$bias);
  let results = (outs 2DTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? attr-dict `:` type($input) `,` type($weight)
    (`,` type($bias)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // LOBIT_DIALECTS_LOBIT_LOBITOPS_TD
