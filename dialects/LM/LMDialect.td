#ifndef LOBIT_DIALECTS_LM_LMDIALECT_TD
#define LOBIT_DIALECTS_LM_LMDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"

def LM_Dialect : Dialect {
  let name = "lm";
  let summary = "the graph of a decoder-only language model";
  let description = [{
    One op per step of a transformer block, on tensors [tokens, features] of f32.
    `tokens` is dynamic: a call handles any number of consecutive tokens that start
    at a position. Every op has exact arithmetic (docs/numerics.md), so that the
    result of a token does not depend on how the prompt was split. Linear layers are
    `lobit.linear`.
  }];
  let cppNamespace = "::lobit::lm";
  let dependentDialects = ["::lobit::lb::LobitDialect"];
  let extraClassDeclaration = [{
    ::mlir::Type parseType(::mlir::DialectAsmParser &parser) const override;
    void printType(::mlir::Type type, ::mlir::DialectAsmPrinter &printer) const override;
  }];
}

#endif // LOBIT_DIALECTS_LM_LMDIALECT_TD
