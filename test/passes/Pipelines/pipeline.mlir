// RUN: quant-opt %s --lobit-pipeline="quantize=ternary:absmean stop-after=quantize" | FileCheck %s --check-prefix=QUANTIZE
// RUN: quant-opt %s --lobit-pipeline="quantize=ternary:absmean kernel=tl1 stop-after=pack" | FileCheck %s --check-prefix=PACK
// RUN: quant-opt %s --lobit-pipeline="quantize=int8 isa=avx2" | FileCheck %s --check-prefix=LOWER
// RUN: quant-opt %s --lobit-pipeline="quantize=int6:seed stop-after=pack" | FileCheck %s --check-prefix=INT6
// RUN: quant-opt %s --lobit-pipeline="quantize=int4 stop-after=pack" | FileCheck %s --check-prefix=INT4
// RUN: not quant-opt %s --lobit-pipeline="isa=sse9" 2>&1 | FileCheck %s --check-prefix=ISA
// RUN: not quant-opt %s --lobit-pipeline="stop-after=emit" 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: not quant-opt %s --lobit-pipeline="quantize=binary" 2>&1 | FileCheck %s --check-prefix=SCHEME

// ISA: isa=sse9 is unknown; expected one of x86-64-v1, avx2, 
// STAGE: stop-after=emit is unknown; expected import, quantize, pack or lower
// SCHEME: quantize=binary is unknown; expected keep, int8, int6, int4, ternary, int6:METHOD or ternary:METHOD

// QUANTIZE: lobit.quantize "absmean"
// QUANTIZE-NOT: lobit.pack
// INT6: lobit.quantize "seed"
// INT6: lobit.pack
// INT4: lobit.quantize "search"
// INT4: lobit.pack {{.*}} i4_tile>
// PACK: lobit.pack {{.*}} t2_tl1>
// LOWER-NOT: lobit.linear
// LOWER: llvm.func @lobit_code_query
func.func @forward(%x: tensor<?x6xf32>) -> tensor<?x3xf32> attributes {lobit.entry} {
  %w = lobit.weight "w" : !lobit.weight<3x6xf32>
  %y = lobit.linear %x, %w : tensor<?x6xf32>, !lobit.weight<3x6xf32> -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
