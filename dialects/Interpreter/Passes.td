#ifndef LOBIT_DIALECTS_INTERPRETER_PASSES_TD
#define LOBIT_DIALECTS_INTERPRETER_PASSES_TD

include "mlir/Pass/PassBase.td"

def InterpretPass : Pass<"lobit-interpret", "::mlir::ModuleOp"> {
  let summary = "replace functions without arguments by their results";
  let description = [{
    Evaluates every public function that has a body and no arguments, each with a fresh
    session, and replaces its body by constants. All inputs are in the module: constants
    and inline weights. Private functions can be called and are left as they are.

    Before:

    ```mlir
    func.func @linear() -> tensor<1x1xf32> {
      %x = arith.constant dense<[[127.0, 1.0, 2.0]]> : tensor<1x3xf32>
      %w = lobit.weight codes dense<[[1, -1, 0]]> : tensor<1x3xi8>
             scales dense<0.5> : tensor<1xf32>
             : !lobit.weight<1x3, #lobit.ternary<tensor, f32>>
      %y = lobit.linear %x, %w : tensor<1x3xf32>,
             !lobit.weight<1x3, #lobit.ternary<tensor, f32>> -> tensor<1x1xf32>
      return %y : tensor<1x1xf32>
    }
    ```

    After:

    ```mlir
    func.func @linear() -> tensor<1x1xf32> {
      %cst = arith.constant dense<6.300000e+01> : tensor<1x1xf32>
      return %cst : tensor<1x1xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

#endif // LOBIT_DIALECTS_INTERPRETER_PASSES_TD
