// RUN: quant-opt %s -convert-ukernel-to-target=isa=z80 -verify-diagnostics

// expected-error-re @+1 {{unknown ISA 'z80'; known are x86-64-v1, avx2, {{.*}}}}
module {}
