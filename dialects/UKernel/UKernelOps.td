#ifndef LOBIT_DIALECTS_UKERNEL_UKERNELOPS_TD
#define LOBIT_DIALECTS_UKERNEL_UKERNELOPS_TD

include "dialects/UKernel/UKernelDialect.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/EnumAttr.td"

def UKernel_FrameType : TypeDef<UKernel_Dialect, "Frame"> {
  let mnemonic = "frame";
  let summary = "the LobitFrame of one thread in one call";
  let description = [{
    The struct of runtime/format/CodeAbi.h: a pointer once the code is lowered.

    ```mlir
    !ukernel.frame
    ```
  }];
}

def UKernel_Section : I32EnumAttr<"Section", "memory a frame points to", [
      I32EnumAttrCase<"Weights", 0, "weights">, I32EnumAttrCase<"Scratch", 1, "scratch">,
      I32EnumAttrCase<"State", 2, "state">, I32EnumAttrCase<"Input", 3, "input">,
      I32EnumAttrCase<"Output", 4, "output">]> {
  let cppNamespace = "::lobit::uk";
}
def UKernel_Field : I32EnumAttr<"Field", "number in a frame", [
      I32EnumAttrCase<"Thread", 0, "thread">, I32EnumAttrCase<"Threads", 1, "threads">,
      I32EnumAttrCase<"Rows", 2, "rows">, I32EnumAttrCase<"Position", 3, "position">,
      I32EnumAttrCase<"FirstOutputRow", 4, "first_output_row">]> {
  let cppNamespace = "::lobit::uk";
}

class UKernel_Op<string opMnemonic, list<Trait> traits = []>
    : Op<UKernel_Dialect, opMnemonic, traits>;

//===--- arithmetic ---------------------------------------------------------===//

def UKernel_TableLookupOp : UKernel_Op<"table_lookup", [Pure, AllTypesMatch<["indices", "result"]>]> {
  let summary = "result[i] = table[indices[i]], indices below 16";
  let description = [{
    pshufb, tbl, i8x16.swizzle. There are a multiple of 16 indices. An index of 16 or
    more is undefined: layouts are checked when they are loaded.

    ```mlir
    %r = ukernel.table_lookup %table[%indices] : vector<16xi8>, vector<32xi8>
    ```
  }];
  let arguments = (ins VectorOfLengthAndType<[16], [I8]>:$table, VectorOfRankAndType<[1], [I8]>:$indices);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$table `[` $indices `]` attr-dict `:` type($table) `,` type($result)";
  let hasVerifier = 1;
}

def UKernel_DotI8Op : UKernel_Op<"dot_i8", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "acc[i] + sum over j < 4 of u8 lhs[4i+j] * s8 rhs[4i+j]";
  let description = [{
    Exact in int32. `lhs` and `rhs` have 4 lanes for each of `acc`. `max`, 1..255, is the
    largest value a byte of `lhs` can have; a target may use a 16-bit intermediate when
    2 * max * 128 <= 32767.

    ```mlir
    %r = ukernel.dot_i8 %acc, %codes, %activations max 2 : vector<16xi32>, vector<64xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$acc, VectorOfRankAndType<[1], [I8]>:$lhs,
                       VectorOfRankAndType<[1], [I8]>:$rhs, I64Attr:$max);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = "$acc `,` $lhs `,` $rhs `max` $max attr-dict `:` type($acc) `,` type($lhs)";
  let hasVerifier = 1;
}

def UKernel_DotS8Op : UKernel_Op<"dot_s8", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "acc[i] + sum over j < 4 of s8 lhs[4i+j] * s8 rhs[4i+j]";
  let description = [{
    Exact in int32. `lhs` and `rhs` have 4 lanes for each of `acc`. No byte of `lhs` is
    -128, so that two products fit an int16.

    ```mlir
    %r = ukernel.dot_s8 %acc, %weights, %activations : vector<4xi32>, vector<16xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$acc, VectorOfRankAndType<[1], [I8]>:$lhs,
                       VectorOfRankAndType<[1], [I8]>:$rhs);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = "$acc `,` $lhs `,` $rhs attr-dict `:` type($acc) `,` type($lhs)";
  let hasVerifier = 1;
}

def UKernel_MatmulI8Op : UKernel_Op<"matmul_i8", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "acc[2i+j] + sum over k < 8 of u8 lhs[8i+k] * s8 rhs[8j+k], i, j < 2";
  let description = [{
    Two rows of 8 columns times two rows of 8 columns (usmmla). Exact in int32.

    ```mlir
    %r = ukernel.matmul_i8 %acc, %codes, %activations : vector<4xi32>, vector<16xi8>
    ```
  }];
  let arguments = (ins VectorOfLengthAndType<[4], [I32]>:$acc, VectorOfLengthAndType<[16], [I8]>:$lhs,
                       VectorOfLengthAndType<[16], [I8]>:$rhs);
  let results = (outs VectorOfLengthAndType<[4], [I32]>:$result);
  let assemblyFormat = "$acc `,` $lhs `,` $rhs attr-dict `:` type($acc) `,` type($lhs)";
}

def UKernel_DotI8PairsOp : UKernel_Op<"dot_i8_pairs", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "acc[i] + u8 lhs[2i] * s8 rhs[2i] + u8 lhs[2i+1] * s8 rhs[2i+1] in int16";
  let description = [{
    `lhs` and `rhs` have 2 lanes for each of `acc`. The int16 lane must not overflow:
    `max` is the largest value of a byte of `lhs`, `by` the largest magnitude of one of
    `rhs` (128 when it is not given), `additions` is how many of these ops feed one
    accumulator before it is widened, and the verifier requires
    additions * 2 * max * by <= 32767.

    ```mlir
    %r = ukernel.dot_i8_pairs %acc, %codes, %activations max 2 additions 28 : vector<16xi16>, vector<32xi8>
    %s = ukernel.dot_i8_pairs %acc, %activations, %values max 255 by 32 additions 2 : vector<16xi16>, vector<32xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I16]>:$acc, VectorOfRankAndType<[1], [I8]>:$lhs,
                       VectorOfRankAndType<[1], [I8]>:$rhs, I64Attr:$max,
                       I64Attr:$additions, DefaultValuedAttr<I64Attr, "128">:$by);
  let results = (outs VectorOfRankAndType<[1], [I16]>:$result);
  let assemblyFormat = "$acc `,` $lhs `,` $rhs `max` $max (`by` $by^)? `additions` $additions attr-dict `:` type($acc) `,` type($lhs)";
  let hasVerifier = 1;
}

def UKernel_DotS8HalvesOp : UKernel_Op<"dot_s8_halves", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "acc[i] + s8 lhs[i] * s8 rhs[i] + s8 lhs[n+i] * s8 rhs[n+i] in int16";
  let description = [{
    The products of both halves of `lhs` and `rhs`, which have 2n lanes when `acc` has n:
    a widening multiply-add of each half (smlal and smlal2). Bytes of `lhs` are -max .. max
    with `max` of 1..127. `additions` bounds the int16 lane as in `dot_i8_pairs`.

    ```mlir
    %r = ukernel.dot_s8_halves %acc, %codes, %activations max 2 additions 28 : vector<8xi16>, vector<16xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I16]>:$acc, VectorOfRankAndType<[1], [I8]>:$lhs,
                       VectorOfRankAndType<[1], [I8]>:$rhs, I64Attr:$max, I64Attr:$additions);
  let results = (outs VectorOfRankAndType<[1], [I16]>:$result);
  let assemblyFormat = "$acc `,` $lhs `,` $rhs `max` $max `additions` $additions attr-dict `:` type($acc) `,` type($lhs)";
  let hasVerifier = 1;
}

def UKernel_MultiplyAddS8Op : UKernel_Op<"multiply_add_s8", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "acc[i] + s8 lhs[i] * s8 rhs[i] in int16";
  let description = [{
    Bytes of `lhs` are -max .. max with `max` of 1..127. `additions` is how many of these
    ops feed one accumulator before it is widened, and the verifier requires
    additions * max * 128 <= 32767.

    ```mlir
    %r = ukernel.multiply_add_s8 %acc, %codes, %activations max 2 additions 127 : vector<16xi16>, vector<16xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I16]>:$acc, VectorOfRankAndType<[1], [I8]>:$lhs,
                       VectorOfRankAndType<[1], [I8]>:$rhs, I64Attr:$max, I64Attr:$additions);
  let results = (outs VectorOfRankAndType<[1], [I16]>:$result);
  let assemblyFormat = "$acc `,` $lhs `,` $rhs `max` $max `additions` $additions attr-dict `:` type($acc) `,` type($lhs)";
  let hasVerifier = 1;
}

def UKernel_WidenAddOp : UKernel_Op<"widen_add", [Pure, AllTypesMatch<["acc", "result"]>]> {
  let summary = "acc[i] + input[2i] + input[2i+1], int16 lanes into int32";
  let description = [{
    `input` has 2 lanes for each of `acc`.

    ```mlir
    %r = ukernel.widen_add %acc, %pairs : vector<8xi32>, vector<16xi16>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$acc, VectorOfRankAndType<[1], [I16]>:$input);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = "$acc `,` $input attr-dict `:` type($acc) `,` type($input)";
  let hasVerifier = 1;
}

def UKernel_UnpackOp : UKernel_Op<"unpack", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "the 2-bit codes of one plane of each byte";
  let description = [{
    Bits 2p and 2p+1 of every byte, shifted down to 0..3. With `in_place` they stay
    where they are (values 0 .. 3 * 4^p), which saves the shift. Plane 0 needs no shift,
    so that `in_place` folds away there.

    ```mlir
    %c = ukernel.unpack %bytes plane 1 : vector<64xi8>
    %d = ukernel.unpack %bytes plane 1 in_place : vector<64xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$input, I64Attr:$plane, UnitAttr:$in_place);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$input `plane` $plane (`in_place` $in_place^)? attr-dict `:` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def UKernel_UnpackI6Op : UKernel_Op<"unpack_i6", [Pure, AllTypesMatch<["first", "second", "third", "result"]>]> {
  let summary = "one of four vectors of 6-bit codes that are stored in three";
  let description = [{
    A code v, -32..31, is stored as u = v + 32. Planes 0, 1 and 2 are bits 2..7 of
    `first`, `second` and `third`. Plane 3 has its bits 0 and 1 in bits 0 and 1 of
    `first`, bits 2 and 3 in those of `second`, bits 4 and 5 in those of `third`. The
    result is v; with `in_place` it is 4 v, which saves a shift.

    ```mlir
    %v = ukernel.unpack_i6 %a, %b, %c plane 3 : vector<64xi8>
    %w = ukernel.unpack_i6 %a, %b, %c plane 0 in_place : vector<64xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$first, VectorOfRankAndType<[1], [I8]>:$second,
                       VectorOfRankAndType<[1], [I8]>:$third, I64Attr:$plane, UnitAttr:$in_place);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$first `,` $second `,` $third `plane` $plane (`in_place` $in_place^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def UKernel_SelectPairsOp : UKernel_Op<"select_pairs", [Pure]> {
  let summary = "the two pairs of 8 bytes that each lane keeps";
  let description = [{
    Pair p is bytes 2p and 2p + 1 of `x`. Bits 4n..4n+3 of lane i of `masks`, with n =
    `nibble`, name the pairs that lane i keeps: bit p is pair p. The result has them in
    ascending order in bytes 4i..4i+3. Exactly two of the bits are set; anything else is
    undefined: layouts are checked when they are loaded. With `biased` each byte of the
    result is the u8 x + 128.

    ```mlir
    %y = ukernel.select_pairs %x by %masks nibble 3 : vector<8xi8>, vector<16xi32> -> vector<64xi8>
    %z = ukernel.select_pairs %x by %masks nibble 0 biased : vector<8xi8>, vector<16xi32> -> vector<64xi8>
    ```
  }];
  let arguments = (ins VectorOfLengthAndType<[8], [I8]>:$x, VectorOfRankAndType<[1], [I32]>:$masks,
                       I64Attr:$nibble, UnitAttr:$biased);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$x `by` $masks `nibble` $nibble (`biased` $biased^)? attr-dict `:` type($x) `,` type($masks) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_ExpandPairsOp : UKernel_Op<"expand_pairs", [Pure, AllTypesMatch<["values", "result"]>]> {
  let summary = "kept pairs at their places among 8 bytes, zero elsewhere";
  let description = [{
    The inverse of `select_pairs`: bytes 4i..4i+3 of `values` are the two pairs that lane
    i keeps of 8 bytes. The result has, in bytes 4i..4i+3, bytes 0..3 (`half` 0) or 4..7
    (`half` 1) of the 8.

    ```mlir
    %low = ukernel.expand_pairs %v by %masks nibble 3 half 0 : vector<64xi8>, vector<16xi32>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$values, VectorOfRankAndType<[1], [I32]>:$masks,
                       I64Attr:$nibble, I64Attr:$half);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$values `by` $masks `nibble` $nibble `half` $half attr-dict `:` type($values) `,` type($masks)";
  let hasVerifier = 1;
}

def UKernel_UnpackNibbleOp : UKernel_Op<"unpack_nibble", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "the 4-bit codes of one half of each byte";
  let description = [{
    Bits 0..3 (half 0) or bits 4..7 (half 1) of every byte, as 0..15.

    ```mlir
    %c = ukernel.unpack_nibble %bytes half 1 : vector<64xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$input, I64Attr:$half);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$input `half` $half attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def UKernel_UnpackBase3Op : UKernel_Op<"unpack_base3", [Pure, AllTypesMatch<["input", "low", "high"]>]> {
  let summary = "the five ternary codes of each byte of b3_tile, as 2-bit planes";
  let description = [{
    A byte of b3_tile is T + 64 u, with T = 7 (3 c4 + c3) + w / 4, u = w mod 4 and
    w = 9 c2 + 3 c1 + c0. Planes 0, 1 and 2 of `low` are c0, c1 and c2, plane 3 is 0.
    Plane 0 of `high` is c4, plane 3 is c3; bits 2..5 are T mod 7. Other bytes are
    undefined: layouts are checked when they are loaded.

    ```mlir
    %low, %high = ukernel.unpack_base3 %bytes : vector<64xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$input);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$low, VectorOfRankAndType<[1], [I8]>:$high);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def UKernel_ActQuantizeOp : UKernel_Op<"act_quantize", [Pure]> {
  let summary = "int8 of clamp(round_half_even(x * r), -128, 127)";
  let description = [{
    Lane by lane, with one f32 product. Requires |x * r| <= 2^22.

    ```mlir
    %q = ukernel.act_quantize %x, %r : vector<16xf32> -> vector<16xi8>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [F32]>:$input, F32:$factor);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$input `,` $factor attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_ReduceAddOp : UKernel_Op<"reduce_add", [Pure]> {
  let summary = "the sum of 16 f32 lanes in the fixed tree";
  let description = [{
    Lane i is added to lane i + 8, then i + 4, i + 2, i + 1.

    ```mlir
    %s = ukernel.reduce_add %v : vector<16xf32>
    ```
  }];
  let arguments = (ins VectorOfLengthAndType<[16], [F32]>:$input);
  let results = (outs F32:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def UKernel_ExpOp : UKernel_Op<"exp", [Pure, SameOperandsAndResultType]> {
  let summary = "e^x by the polynomial of docs/numerics.md";
  let description = [{
    0 below -87, e^88 above 88, at most 2 ulp from e^x between.

    ```mlir
    %e = ukernel.exp %x : vector<16xf32>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [F32]>:$input);
  let results = (outs VectorOfRankAndType<[1], [F32]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def UKernel_WidenFloatOp : UKernel_Op<"widen_float", [Pure]> {
  let summary = "exact f32 of f16 or bf16 lanes";
  let description = [{
    Done with integer arithmetic and one exact multiplication, so that no target needs
    a library call.

    `finite` promises that no lane is infinite or NaN, which costs less.

    ```mlir
    %f = ukernel.widen_float %h : vector<16xbf16> -> vector<16xf32>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [F16, BF16]>:$input, UnitAttr:$finite);
  let results = (outs VectorOfRankAndType<[1], [F32]>:$result);
  let assemblyFormat = "$input (`finite` $finite^)? attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_NarrowFloatOp : UKernel_Op<"narrow_float", [Pure]> {
  let summary = "f16 of f32 lanes, rounded to nearest even";
  let description = [{
    The lanes are finite; 65520 and above becomes infinity. Done with integer arithmetic,
    so that no target needs a library call.

    ```mlir
    %h = ukernel.narrow_float %f : vector<16xf32> -> vector<16xf16>
    ```
  }];
  let arguments = (ins VectorOfRankAndType<[1], [F32]>:$input);
  let results = (outs VectorOfRankAndType<[1], [F16]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def UKernel_TouchOp : UKernel_Op<"touch"> {
  let summary = "bring a byte and its cache line nearer";
  let description = [{
    Changes nothing, but the byte is read or asked for before the code goes on. Unlike a
    prefetch it must lie inside the buffer: WebAssembly, which cannot prefetch, loads it.

    ```mlir
    ukernel.touch %weights[%at] : memref<4096xi8>
    ```
  }];
  let arguments = (ins MemRefRankOf<[I8], [1]>:$buffer, Index:$at);
  let assemblyFormat = "$buffer `[` $at `]` attr-dict `:` type($buffer)";
}

def UKernel_DotI8PanelOp : UKernel_Op<"dot_i8_panel"> {
  let summary = "sums[32 i + r] += sum over q, j < 4 of u8 panel[from + 128 q + 4 r + j] * s8 x[token + i][column + 4 q + j]";
  let description = [{
    Products of many tokens i < `tokens` with 32 rows r of unpacked weights in memory, for
    q < `quads` quads of columns: exact in int32, modulo 2^32. `tokens` and `quads` are at
    least 1. Nothing else is read or written. While it multiplies, the target may ask for
    `bytes` bytes of `next` from `at` on, which need not be inside the buffer.

    ```mlir
    ukernel.dot_i8_panel %x[%token, %column], %panel[%from] into %sums tokens %tokens quads %quads next %weights[%at] bytes %bytes : memref<8x256xi8>, memref<8192xi8>, memref<256xi32>, memref<65536xi8>
    ```
  }];
  let arguments = (ins Arg<MemRefRankOf<[I8], [2]>, "", [MemRead]>:$x, Index:$token, Index:$column,
                       Arg<MemRefRankOf<[I8], [1]>, "", [MemRead]>:$panel, Index:$from,
                       Arg<MemRefRankOf<[I32], [1]>, "", [MemRead, MemWrite]>:$sums, Index:$tokens,
                       Index:$quads, MemRefRankOf<[I8], [1]>:$next, Index:$at, Index:$bytes);
  let assemblyFormat = [{
    $x `[` $token `,` $column `]` `,` $panel `[` $from `]` `into` $sums `tokens` $tokens
    `quads` $quads `next` $next `[` $at `]` `bytes` $bytes attr-dict
    `:` type($x) `,` type($panel) `,` type($sums) `,` type($next)
  }];
  let hasVerifier = 1;
}

//===--- the frame ----------------------------------------------------------===//

def UKernel_FieldOp : UKernel_Op<"field", [Pure]> {
  let summary = "a number of the frame";
  let description = [{
    The same for the whole call, and the same in all threads but for `thread`.

    ```mlir
    %rows = ukernel.field rows of %frame
    ```
  }];
  let arguments = (ins UKernel_Field:$field, UKernel_FrameType:$frame);
  let results = (outs Index:$result);
  let assemblyFormat = "$field `of` $frame attr-dict";
}

def UKernel_BufferOp : UKernel_Op<"buffer", [Pure]> {
  let summary = "a static view of memory the frame points to";
  let description = [{
    `offset` is in bytes from the section's start. For `input` and `output` the
    `argument` says which pointer; the other sections have one. The memref has a static
    shape and no strides.

    ```mlir
    %w = ukernel.buffer weights of %frame offset 4096 : memref<1024xi8>
    %x = ukernel.buffer input of %frame argument 0 offset 0 : memref<128xi32>
    ```
  }];
  let arguments = (ins UKernel_Section:$section, UKernel_FrameType:$frame,
                       DefaultValuedAttr<I64Attr, "0">:$argument, I64Attr:$offset);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$section `of` $frame (`argument` $argument^)? `offset` $offset attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def UKernel_ThreadRangeOp : UKernel_Op<"thread_range", [Pure]> {
  let summary = "this thread's share of 0 .. count - 1";
  let description = [{
    begin = count * thread / threads, end = count * (thread + 1) / threads, rounded
    down. Folds to 0 and count for one thread, and to numbers when all three are known.

    ```mlir
    %begin, %end = ukernel.thread_range %count, %thread, %threads
    ```
  }];
  let arguments = (ins Index:$count, Index:$thread, Index:$threads);
  let results = (outs Index:$begin, Index:$end);
  let assemblyFormat = "$count `,` $thread `,` $threads attr-dict";
  let hasFolder = 1;
}

def UKernel_BarrierOp : UKernel_Op<"barrier"> {
  let summary = "all threads of the call meet here";
  let description = [{
    What any thread wrote before is seen by all threads after.

    ```mlir
    ukernel.barrier %frame
    ```
  }];
  let arguments = (ins UKernel_FrameType:$frame);
  let assemblyFormat = "$frame attr-dict";
}

def UKernel_TraceOp : UKernel_Op<"trace"> {
  let summary = "tell the caller that an operation is done";
  let description = [{
    Thread 0 calls the frame's `trace` with the index when it is not null. The index is
    a value because one function serves many layers.

    ```mlir
    ukernel.trace %index of %frame
    ```
  }];
  let arguments = (ins Index:$index, UKernel_FrameType:$frame);
  let assemblyFormat = "$index `of` $frame attr-dict";
}

def UKernel_ReportNonfiniteOp : UKernel_Op<"report_nonfinite"> {
  let summary = "set the frame's nonfinite flag when the condition holds";
  let description = [{
    The runtime then returns NONFINITE; the results of the call are not used.

    ```mlir
    ukernel.report_nonfinite %bad to %frame
    ```
  }];
  let arguments = (ins I1:$condition, UKernel_FrameType:$frame);
  let assemblyFormat = "$condition `to` $frame attr-dict";
}

#endif // LOBIT_DIALECTS_UKERNEL_UKERNELOPS_TD
