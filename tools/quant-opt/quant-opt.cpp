/// \file
/// quant-opt: reads MLIR, runs passes, prints MLIR. All dialects and passes of Lobit and
/// the upstream dialects they meet.
#include "RegisterPasses.h"
#include "dialects/Interpreter/Passes.h"
#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "dialects/UKernel/UKernelDialect.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<lobit::lb::LobitDialect, lobit::lm::LMDialect, lobit::uk::UKernelDialect>();
  registry.insert<mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect, mlir::func::FuncDialect,
                  mlir::linalg::LinalgDialect, mlir::LLVM::LLVMDialect, mlir::math::MathDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect, mlir::tensor::TensorDialect,
                  mlir::vector::VectorDialect>();
  mlir::func::registerInlinerExtension(registry);
  mlir::registerTransformsPasses();
  lobit::registerInterpreterPasses();
  registerLobitPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Lobit's optimizer: MLIR in, MLIR out\n", registry));
}
