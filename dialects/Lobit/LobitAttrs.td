#ifndef LOBIT_DIALECTS_LOBIT_LOBITATTRS_TD
#define LOBIT_DIALECTS_LOBIT_LOBITATTRS_TD

include "dialects/Lobit/LobitDialect.td"

class Lobit_Attr<string name, string attrMnemonic> : AttrDef<Lobit_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Lobit_TernaryAttr : Lobit_Attr<"Ternary", "ternary"> {
  let summary = "codes -1, 0, +1 with scales";
  let description = [{
    The value of a weight is code times scale. The granularity says which weights
    share a scale: the whole `tensor`, a `row`, or `group = N` consecutive columns of
    one row, N in 32, 64, 128, 256 (the last group of a row may be shorter). The
    scales are stored as `f32` or `f16`.

    ```mlir
    #lobit.ternary<tensor, f32>
    #lobit.ternary<group = 128, f16>
    ```
  }];
  let parameters = (ins "::lobit::Granularity":$granularity, "int64_t":$groupSize,
                        "::lobit::ScaleType":$scaleType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Lobit_Int8Attr : Lobit_Attr<"Int8", "int8"> {
  let summary = "codes -127..127 with one scale per row";
  let description = [{
    The value of a weight is code times the scale of its row. Scales are `f32` or
    `f16`.

    ```mlir
    #lobit.int8<row, f32>
    ```
  }];
  let parameters = (ins "::lobit::ScaleType":$scaleType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // LOBIT_DIALECTS_LOBIT_LOBITATTRS_TD
