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

def Lobit_Int6Attr : Lobit_Attr<"Int6", "int6"> {
  let summary = "codes -32..31 in two of the four pairs of 8 columns, one scale per row";
  let description = [{
    The value of a weight is code times the scale of its row. Of each 8 consecutive
    columns at most two adjacent pairs (columns 0 1, 2 3, 4 5, 6 7) hold codes other
    than 0; the last columns of a row count as if zeros followed. Scales are `f32`.

    ```mlir
    #lobit.int6<row, f32>
    ```
  }];
  let parameters = (ins "::lobit::ScaleType":$scaleType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Lobit_Int4Attr : Lobit_Attr<"Int4", "int4"> {
  let summary = "codes -8..7 with one scale per row";
  let description = [{
    The value of a weight is code times the scale of its row. Scales are `f32` or
    `f16`.

    ```mlir
    #lobit.int4<row, f32>
    ```
  }];
  let parameters = (ins "::lobit::ScaleType":$scaleType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // LOBIT_DIALECTS_LOBIT_LOBITATTRS_TD
