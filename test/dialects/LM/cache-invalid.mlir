// RUN: quant-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{expected a layer from 0 on, found -1}}
%c = lm.cache -1 : !lm.cache<2x512x64>

// -----

// expected-error @below {{expected positive dimensions, found 2x0x64}}
func.func private @f(!lm.cache<2x0x64>)

// -----

// expected-error @below {{expected kvHeads x maxContext x headDim, found 2 dimensions}}
func.func private @f(!lm.cache<2x512>)

// -----

// expected-error @below {{expected f32, f16 or i8 elements, found 'bf16'}}
func.func private @f(!lm.cache<2x512x64, bf16>)
