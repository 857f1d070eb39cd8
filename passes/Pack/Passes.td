#ifndef LOBIT_PASSES_PACK_PASSES_TD
#define LOBIT_PASSES_PACK_PASSES_TD

include "mlir/Pass/PassBase.td"

def LobitPackWeights : Pass<"lobit-pack-weights", "::mlir::ModuleOp"> {
  let summary = "give the codes of every quantized weight its layout";
  let description = [{
    Inserts `lobit.pack` where a layer reads codes without a layout: `t2_tile` and
    `i8_tile` under kernel=tile, `b3_tile` (but `t2_tile` with scales of groups) and
    `i8_tile` under kernel=base3, `t2_dot` and `i8_dot` under kernel=dot, `t2_tl1` and
    `i8_tile` under kernel=tl1. kernel=auto is tile (docs/kernels.md says why). int6 is
    `i6_tile` under all of them.

    Before:

    ```mlir
    func.func @f(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
      %w = lobit.weight codes dense<[[1, -1, 0]]> : tensor<1x3xi8> scales dense<0.5> : tensor<1xf32> : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
      %y = lobit.linear %x, %w : tensor<1x3xf32>, !lobit.weight<1x3, #lobit.ternary<tensor, f32>> -> tensor<1x1xf32>
      return %y : tensor<1x1xf32>
    }
    ```

    After `-lobit-pack-weights`:

    ```mlir
    %p = lobit.pack %w : !lobit.weight<1x3, #lobit.ternary<tensor, f32>> to !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_tile>
    %y = lobit.linear %x, %p : tensor<1x3xf32>, !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_tile> -> tensor<1x1xf32>
    ```
  }];
  let options = [
    Option<"kernel", "kernel", "std::string", "\"auto\"",
           "what multiplies quantized weights: auto, tile, base3, dot or tl1">
  ];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

def LobitFoldWeights : Pass<"lobit-fold-weights", "::mlir::ModuleOp"> {
  let summary = "evaluate chains that begin with an inline weight";
  let description = [{
    Replaces each chain of an inline `lobit.weight`, `lobit.quantize` and `lobit.pack` by
    one inline `lobit.weight` with the codes, or the packed bytes, and the scales that
    the chain evaluates to. Chains that begin with a name stay.

    Before:

    ```mlir
    func.func @f(%x: tensor<1x3xf32>) -> tensor<1x1xf32> {
      %w = lobit.weight codes dense<[[1, -1, 0]]> : tensor<1x3xi8> scales dense<0.5> : tensor<1xf32> : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
      %p = lobit.pack %w : !lobit.weight<1x3, #lobit.ternary<tensor, f32>> to !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_tl1>
      %y = lobit.linear %x, %p : tensor<1x3xf32>, !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_tl1> -> tensor<1x1xf32>
      return %y : tensor<1x1xf32>
    }
    ```

    After `-lobit-fold-weights`: 32 rows of 4 columns. Row 0 has the pairs (1, -1) and
    (0, 0), so its byte is 6 + 16 * 4 = 70; the padding 4 + 16 * 4 = 68 means zeros.

    ```mlir
    %p = lobit.weight codes dense<[70, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68, 68]> : tensor<32xi8> scales dense<5.000000e-01> : tensor<1xf32> : !lobit.weight<1x3, #lobit.ternary<tensor, f32>, t2_tl1>
    ```
  }];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

#endif // LOBIT_PASSES_PACK_PASSES_TD
