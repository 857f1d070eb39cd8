#ifndef LOBIT_DIALECTS_LOBIT_LOBITDIALECT_TD
#define LOBIT_DIALECTS_LOBIT_LOBITDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"

def Lobit_Dialect : Dialect {
  let name = "lobit";
  let summary = "low-bit dense linear layers, free of any target";
  let description = [{
    What the quantized linear layers of a model are: where each weight comes from,
    how it is quantized, how it is packed, and where it is multiplied. The values
    stay outside the IR; a weight is an SSA value of type `!lobit.weight` made by
    `lobit.weight` (by name, or inline in tests) and turned by `lobit.quantize` and
    `lobit.pack`. Such a chain is a recipe: it is evaluated tensor by tensor while
    the artifact is written.
  }];
  let cppNamespace = "::lobit::lb";
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    ::mlir::Type parseType(::mlir::DialectAsmParser &parser) const override;
    void printType(::mlir::Type type, ::mlir::DialectAsmPrinter &printer) const override;
  }];
}

#endif // LOBIT_DIALECTS_LOBIT_LOBITDIALECT_TD
