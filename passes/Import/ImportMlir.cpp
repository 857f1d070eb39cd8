#include "passes/Import/Import.h"

#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/Import/Passes.h"

using namespace mlir;

namespace lobit {

/// Whether the module already is in the form that import makes.
static bool isImported(ModuleOp module) { return module->hasAttr(lb::modelAttr); }

Result<ImportedModel> importMlir(MLIRContext &context, const std::string &path) {
  if (!fileExists(path))
    return Status(StatusCode::IO, path + ": cannot open it: no such file");
  context.loadDialect<arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                      math::MathDialect, tensor::TensorDialect, lb::LobitDialect, lm::LMDialect>();
  std::string errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return success();
    llvm::raw_string_ostream stream(errors);
    if (!errors.empty())
      stream << "; ";
    if (!isa<UnknownLoc>(diagnostic.getLocation()))
      stream << diagnostic.getLocation() << ": ";
    stream << diagnostic;
    return success();
  });
  ImportedModel model;
  model.module = parseSourceFile<ModuleOp>(path, ParserConfig(&context));
  if (!model.module)
    return Status(StatusCode::MALFORMED, path + ": " + errors);
  if (isImported(*model.module))
    return model;
  PassManager passes(&context, ModuleOp::getOperationName());
  passes.addPass(createConvertLinalgToLobitPass());
  if (failed(passes.run(*model.module)))
    return Status(StatusCode::UNSUPPORTED, path + ": " + errors);
  return model;
}

Result<ImportedModel> importModel(MLIRContext &context, const std::string &path,
                                  const ImportOptions &options) {
  if (isDirectory(path))
    return importCheckpoint(context, path, options);
  llvm::StringRef name(path);
  if (name.ends_with(".mlir") || name.ends_with(".mlirbc"))
    return importMlir(context, path);
  return Status(StatusCode::INVALID_ARGUMENT,
                path + ": expected the directory of a checkpoint, or a file .mlir or .mlirbc" +
                    (fileExists(path) ? "" : "; there is no such file or directory"));
}

} // namespace lobit
