#ifndef LOBIT_DIALECTS_LOBIT_LOBITTYPES_TD
#define LOBIT_DIALECTS_LOBIT_LOBITTYPES_TD

include "dialects/Lobit/LobitDialect.td"

def Lobit_WeightType : TypeDef<Lobit_Dialect, "Weight"> {
  let typeName = "lobit.weight";
  let summary = "a weight tensor whose values live outside the IR";
  let description = [{
    A matrix [rows, columns] = [out, in] or a vector. The scheme is `f32`, `f16` or
    `bf16` for kept values, `#lobit.ternary<...>`, `#lobit.int8<...>`, `#lobit.int4<...>` or
    `#lobit.int6<...>` for codes with scales. The layout, when there is one, says where each byte lies
    (runtime/format/Layouts.inc); kept values are always row_major and do not spell
    it.

    ```mlir
    !lobit.weight<256xf32>
    !lobit.weight<256x640xbf16>
    !lobit.weight<256x640, #lobit.ternary<tensor, f32>>
    !lobit.weight<256x640, #lobit.ternary<group = 128, f16>, t2_dot>
    !lobit.weight<1024x256, #lobit.int8<row, f32>, i8_dot>
    !lobit.weight<1024x256, #lobit.int6<row, f32>, i6_pair24>
    ```
  }];
  // scheme: a TypeAttr (f32, f16, bf16), TernaryAttr, Int8Attr, Int4Attr or
  // Int6Attr.
  // layout: std::nullopt while the codes are logical.
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Attribute":$schemeAttr,
                        "::std::optional<::lobit::Layout>":$layout);
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// [rows, columns]; a vector is one row.
    int64_t getRows() const;
    int64_t getColumns() const;
    int64_t getElementCount() const { return getRows() * getColumns(); }
    ::lobit::Scheme getScheme() const;
    bool isFloat() const;
    bool isPacked() const { return isFloat() || getLayout().has_value(); }
    /// Bits of one kept value; requires isFloat().
    int64_t getElementBits() const;
    /// None for kept values.
    ::lobit::Granularity getGranularity() const;
    /// Columns that share a scale: columns for row and tensor granularity.
    int64_t getGroupSize() const;
    ::lobit::ScaleType getScaleType() const;
    /// Groups of one row; 1 for row and tensor granularity.
    int64_t getGroupsPerRow() const;
    /// Number of stored scales, 0 for kept values.
    int64_t getScaleCount() const;
    /// Bytes of the scales, and of the values as they are stored (codes that are not
    /// packed count one byte each).
    int64_t getScaleBytes() const;
    int64_t getDataBytes() const;
    /// The same weight with another scheme or layout.
    WeightType withLayout(::std::optional<::lobit::Layout> layout) const;
    WeightType withScheme(::mlir::Attribute scheme) const;
  }];
}

#endif // LOBIT_DIALECTS_LOBIT_LOBITTYPES_TD
