#ifndef LOBIT_PASSES_LOWER_PASSES_TD
#define LOBIT_PASSES_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def MergeFunctionsPass : Pass<"lobit-merge-functions", "::mlir::ModuleOp"> {
  let summary = "one function for all blocks of the same form";
  let description = [{
    Moves the weights (chains of `lobit.weight`, `lobit.quantize`, `lobit.pack`) and
    `lm.cache` out of the private functions into the entry function, as arguments of
    the calls, and then merges functions that differ in nothing but names. The name
    of each operation for reports stays at the call, in `lobit.labels`.

    Before:

    ```mlir
    func.func private @block_0(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %w = lobit.weight "n0" : !lobit.weight<4xf32>
      %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
      return %y : tensor<?x4xf32>
    }
    func.func private @block_1(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
      %w = lobit.weight "n1" : !lobit.weight<4xf32>
      %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
      return %y : tensor<?x4xf32>
    }
    func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
      %0 = call @block_0(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      %1 = call @block_1(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      return %1 : tensor<?x4xf32>
    }
    ```

    After:

    ```mlir
    func.func private @block_0(%x: tensor<?x4xf32>, %w: !lobit.weight<4xf32>) -> tensor<?x4xf32> {
      %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xf32>
      return %y : tensor<?x4xf32>
    }
    func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
      %n0 = lobit.weight "n0" : !lobit.weight<4xf32>
      %0 = call @block_0(%x, %n0) {lobit.labels = ["block_0.rms_norm"]}
             : (tensor<?x4xf32>, !lobit.weight<4xf32>) -> tensor<?x4xf32>
      %n1 = lobit.weight "n1" : !lobit.weight<4xf32>
      %1 = call @block_0(%0, %n1) {lobit.labels = ["block_1.rms_norm"]}
             : (tensor<?x4xf32>, !lobit.weight<4xf32>) -> tensor<?x4xf32>
      return %1 : tensor<?x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def AssignOffsetsPass : Pass<"lobit-assign-offsets", "::mlir::ModuleOp"> {
  let summary = "place each stored weight in the weights section";
  let description = [{
    Gives the last op of each weight chain of the entry function its place in the
    weights section, in bytes: `lobit.offset` for the values and, for quantized
    weights, `lobit.scale_offset` for the scales. All are multiples of 64, in the order of first
    use. Equal chains share one place. Dense f32 constants of linalg code get a place
    too, beside a `lobit.weight` that holds their values. `lobit.weights_size` of the
    module is the size of the section.

    Before:

    ```mlir
    func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
      %w = lobit.weight "norm" : !lobit.weight<4xbf16>
      %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xbf16>
      return %y : tensor<?x4xf32>
    }
    ```

    After:

    ```mlir
    module attributes {lobit.weights_size = 8 : i64} {
      func.func @forward(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {lobit.entry} {
        %w = lobit.weight "norm" {lobit.offset = 0 : i64} : !lobit.weight<4xbf16>
        %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<4xbf16>
        return %y : tensor<?x4xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::lobit::lb::LobitDialect"];
}

#endif // LOBIT_PASSES_LOWER_PASSES_TD
