// RUN: quant-opt %s -lobit-convert-to-llvm -split-input-file -verify-diagnostics

// expected-error @+1 {{lobit.functions lists @lobit_model, but the module has no such function}}
module attributes {lobit.functions = [@lobit_model]} {
}

// -----

module attributes {lobit.functions = [@lobit_model]} {
  // expected-error @+1 {{generated code cannot call functions outside it}}
  func.func private @malloc(%size: i64) -> !llvm.ptr
  func.func @lobit_model(%frame: !llvm.ptr) {
    return
  }
}
