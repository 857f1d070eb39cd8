#ifndef LOBIT_PASSES_IMPORT_PASSES_TD
#define LOBIT_PASSES_IMPORT_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertLinalgToLobitPass : Pass<"convert-linalg-to-lobit", "::mlir::ModuleOp"> {
  let summary = "dense layers of a linalg module become lobit.linear";
  let description = [{
    A dense layer is `linalg.matmul`, `linalg.matmul_transpose_b` or a `linalg.generic` of
    that form with a constant f32 weight (`dense`, `dense_resource`, or a
    `linalg.transpose` of one) that starts from zeros or from a bias. A bias that is
    added to its result (`linalg.add`, or a `linalg.generic` that broadcasts a constant
    vector) becomes the bias of the layer. The weight is stored as [out, in]. Everything
    else stays linalg. The function is marked as the entry, the module as a function.

    The module must have one function, on tensors of static shape, with no other ops than
    those in dialects/Interpreter/AcceptedOps.inc; the first that is not accepted is an
    error.

    Before:

    ```mlir
    func.func @main(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
      %w = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : tensor<4x2xf32>
      %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x2xf32>) -> tensor<4x2xf32>
      %y = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>)
                         outs(%init : tensor<4x2xf32>) -> tensor<4x2xf32>
      return %y : tensor<4x2xf32>
    }
    ```

    After:

    ```mlir
    module attributes {lobit.model = {kind = "function"}} {
      func.func @main(%x: tensor<4x3xf32>) -> tensor<4x2xf32> attributes {lobit.entry} {
        %w = lobit.weight codes dense<[[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]> : tensor<2x3xf32>
               : !lobit.weight<2x3xf32>
        %y = lobit.linear %x, %w {lobit.name = "dense_0"}
               : tensor<4x3xf32>, !lobit.weight<2x3xf32> -> tensor<4x2xf32>
        return %y : tensor<4x2xf32>
      }
    }
    ```
  }];
  let dependentDialects = ["::lobit::lb::LobitDialect", "::mlir::func::FuncDialect"];
}

#endif // LOBIT_PASSES_IMPORT_PASSES_TD
