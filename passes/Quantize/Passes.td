#ifndef LOBIT_PASSES_QUANTIZE_PASSES_TD
#define LOBIT_PASSES_QUANTIZE_PASSES_TD

include "mlir/Pass/PassBase.td"

def LobitQuantizeTernary : Pass<"lobit-quantize-ternary", "::mlir::ModuleOp"> {
  let summary = "quantize the weights of linear layers to ternary codes";
  let description = [{
    Inserts `lobit.quantize` between the weights and the layers that read them. Weights
    that are ternary already keep codes and scales under every method but
    `absmean-block`; the granularity then becomes the coarsest one that holds them,
    unless a finer one was asked for. When f16 cannot hold a scale, the scales of that
    weight are f32. Weights by name are quantized without being looked at.

    Before:

    ```mlir
    func.func @f(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
      %w = lobit.weight codes dense<[[1.0, -1.0, 0.25, -0.25], [0.75, -0.75, 0.0, 0.0]]> : tensor<2x4xf32> : !lobit.weight<2x4xf32>
      %y = lobit.linear %x, %w : tensor<1x4xf32>, !lobit.weight<2x4xf32> -> tensor<1x2xf32>
      return %y : tensor<1x2xf32>
    }
    ```

    After `-lobit-quantize-ternary=method=absmean -lobit-fold-weights`: the mean
    magnitude is 0.5, and 0.25 / 0.5 is a tie that goes to the even code 0:

    ```mlir
    %w = lobit.weight codes dense<[[1, -1, 0, 0], [1, -1, 0, 0]]> : tensor<2x4xi8> scales dense<5.000000e-01> : tensor<1xf32> : !lobit.weight<2x4, #lobit.ternary<tensor, f32>>
    ```
  }];
  let options = [
    Option<"method", "method", "std::string", "\"optimal\"",
           "absmean, absmean-hf, absmean-block, absmean-refit or optimal">,
    Option<"granularity", "granularity", "std::string", "\"\"",
           "tensor, row or group; the method's own when it is empty">,
    Option<"groupSize", "group-size", "int64_t", "256",
           "columns that share a scale under granularity=group: 32, 64, 128 or 256">,
    Option<"scaleType", "scale-type", "std::string", "\"f32\"", "f32 or f16">,
    Option<"layers", "layers", "std::string", "\"\"",
           "regular expression of layer names; all lobit.linear when it is empty">,
    Option<"nonFinite", "nonfinite", "std::string", "\"error\"",
           "what becomes of NaN and infinite weights: error, zero or clamp">,
    Option<"threads", "threads", "unsigned", "1", "threads that share the work">
  ];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

def LobitQuantizeInt6Pair24 : Pass<"lobit-quantize-int6-pair24", "::mlir::ModuleOp"> {
  let summary = "quantize the weights of linear layers to int6 codes in two pairs of 8 columns";
  let description = [{
    Inserts `lobit.quantize` between the weights and the layers that read them. Of each 8
    columns the two adjacent pairs of the largest energy are kept, their weights become
    codes -32..31 with one scale for each row; all other codes are 0. The arithmetic:
    docs/quantization.md, (Q12) to (Q15).

    Before:

    ```mlir
    func.func @f(%x: tensor<1x8xf32>) -> tensor<1x1xf32> {
      %w = lobit.weight codes dense<[[2.5, -1.5, 0.5, 0.5, -16.0, 15.5, 0.0, 1.0]]> : tensor<1x8xf32> : !lobit.weight<1x8xf32>
      %y = lobit.linear %x, %w : tensor<1x8xf32>, !lobit.weight<1x8xf32> -> tensor<1x1xf32>
      return %y : tensor<1x1xf32>
    }
    ```

    After `-lobit-quantize-int6-pair24 -lobit-fold-weights`: the pairs (2.5, -1.5) and
    (-16, 15.5) have the largest energy and are exact with the scale 0.5.

    ```mlir
    %w = lobit.weight codes dense<[[5, -3, 0, 0, -32, 31, 0, 0]]> : tensor<1x8xi8> scales dense<5.000000e-01> : tensor<1xf32> : !lobit.weight<1x8, #lobit.int6<row, f32>>
    ```
  }];
  let options = [
    Option<"method", "method", "std::string", "\"magnitude\"",
           "magnitude, seed, seed-exact, or by lobit.inputs weighted or obs">,
    Option<"layers", "layers", "std::string", "\"\"",
           "regular expression of layer names; all lobit.linear when it is empty">,
    Option<"nonFinite", "nonfinite", "std::string", "\"error\"",
           "what becomes of NaN and infinite weights: error, zero or clamp">,
    Option<"threads", "threads", "unsigned", "1", "threads that share the work">
  ];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

def LobitSparsifyObs : Pass<"lobit-sparsify-obs", "::mlir::ModuleOp"> {
  let summary = "prune to two pairs of 8 columns so that later columns make up for what is lost";
  let description = [{
    The scheme of `lobit-quantize-int6-pair24`, chosen by what the layer reads: the
    attribute `lobit.inputs` of a `lobit.linear` holds rows of its input, and its weight
    becomes codes of the least output error on them that column after column can find.
    Pruning or rounding a weight changes the outputs; the columns after it that read
    something similar are moved to undo that (docs/quantization.md, (Q17)). Such codes are
    no function of the weight alone, so they are made at once: there is no
    `lobit.quantize` of this kind, and the inputs are removed. `quant-compile
    --quantize=int6:obs --calibration=TEXT` does the same with what a whole model reads.

    Before: columns 0 and 8 read the same, so the chunk 0..7 can give up the weight 1.

    ```mlir
    func.func @f(%x: tensor<1x9xf32>) -> tensor<1x1xf32> {
      %w = lobit.weight codes dense<[[1.0, 0.0, 2.0, 1.0, 2.0, 1.0, 0.0, 0.0, 3.0]]> : tensor<1x9xf32> : !lobit.weight<1x9xf32>
      %y = lobit.linear %x, %w {lobit.inputs = dense<[[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]]> : tensor<3x9xf32>} : tensor<1x9xf32>, !lobit.weight<1x9xf32> -> tensor<1x1xf32>
      return %y : tensor<1x1xf32>
    }
    ```

    After `-lobit-sparsify-obs`: the last weight has become 31 * 0.1298 = 4.02. Columns 2
    and 3 read the same, and 4 and 5 do: of these only the sums count, 23 * 0.1298 = 2.98.

    ```mlir
    %w = lobit.weight codes dense<[[0, 0, 16, 7, 16, 7, 0, 0, 31]]> : tensor<1x9xi8> scales dense<0.129767209> : tensor<1xf32> : !lobit.weight<1x9, #lobit.int6<row, f32>>
    ```
  }];
  let options = [
    Option<"layers", "layers", "std::string", "\"\"",
           "regular expression of layer names; all lobit.linear when it is empty">,
    Option<"nonFinite", "nonfinite", "std::string", "\"error\"",
           "what becomes of NaN and infinite weights: error, zero or clamp">,
    Option<"threads", "threads", "unsigned", "1", "threads that share the work">
  ];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

def LobitQuantizeInt4 : Pass<"lobit-quantize-int4", "::mlir::ModuleOp"> {
  let summary = "quantize the weights of linear layers to int4 codes";
  let description = [{
    Inserts `lobit.quantize "search"` between the weights and the layers that read
    them: codes -8..7 with one scale for each row, of 17 tried the one
    of the least squared error.

    Before:

    ```mlir
    func.func @f(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
      %w = lobit.weight codes dense<[[7.0, 0.5, 1.5, -2.5], [0.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32> : !lobit.weight<2x4xf32>
      %y = lobit.linear %x, %w : tensor<1x4xf32>, !lobit.weight<2x4xf32> -> tensor<1x2xf32>
      return %y : tensor<1x2xf32>
    }
    ```

    After `-lobit-quantize-int4 -lobit-fold-weights`:

    ```mlir
    %w = lobit.weight codes dense<[[7, 1, 2, -3], [0, 0, 0, 0]]> : tensor<2x4xi8> scales dense<[0.952380895, 0.000000e+00]> : tensor<2xf32> : !lobit.weight<2x4, #lobit.int4<row, f32>>
    ```
  }];
  let options = [
    Option<"scaleType", "scale-type", "std::string", "\"f32\"", "f32 or f16">,
    Option<"layers", "layers", "std::string", "\"\"",
           "regular expression of layer names; all lobit.linear when it is empty">,
    Option<"nonFinite", "nonfinite", "std::string", "\"error\"",
           "what becomes of NaN and infinite weights: error, zero or clamp">,
    Option<"threads", "threads", "unsigned", "1", "threads that share the work">
  ];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

def LobitQuantizeInt8 : Pass<"lobit-quantize-int8", "::mlir::ModuleOp"> {
  let summary = "quantize the weights of linear layers to int8 codes";
  let description = [{
    Inserts `lobit.quantize "absmax"` between the weights and the layers that read
    them: codes -127..127 with one scale for each row.

    Before:

    ```mlir
    func.func @f(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
      %w = lobit.weight codes dense<[[127.0, 0.5, 1.5, -2.5], [0.0, 0.0, 0.0, 0.0]]> : tensor<2x4xf32> : !lobit.weight<2x4xf32>
      %y = lobit.linear %x, %w : tensor<1x4xf32>, !lobit.weight<2x4xf32> -> tensor<1x2xf32>
      return %y : tensor<1x2xf32>
    }
    ```

    After `-lobit-quantize-int8 -lobit-fold-weights`:

    ```mlir
    %w = lobit.weight codes dense<[[127, 0, 2, -2], [0, 0, 0, 0]]> : tensor<2x4xi8> scales dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf32> : !lobit.weight<2x4, #lobit.int8<row, f32>>
    ```
  }];
  let options = [
    Option<"scaleType", "scale-type", "std::string", "\"f32\"", "f32 or f16">,
    Option<"layers", "layers", "std::string", "\"\"",
           "regular expression of layer names; all lobit.linear when it is empty">,
    Option<"nonFinite", "nonfinite", "std::string", "\"error\"",
           "what becomes of NaN and infinite weights: error, zero or clamp">,
    Option<"threads", "threads", "unsigned", "1", "threads that share the work">
  ];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

#endif // LOBIT_PASSES_QUANTIZE_PASSES_TD
