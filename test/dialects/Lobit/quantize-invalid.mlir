// RUN: quant-opt %s -split-input-file -verify-diagnostics

%0 = lobit.weight "w" : !lobit.weight<4x4, #lobit.ternary<tensor, f32>>
// expected-error @below {{expected kept values as input, found scheme ternary}}
%1 = lobit.quantize "optimal" %0 : !lobit.weight<4x4, #lobit.ternary<tensor, f32>>
       to !lobit.weight<4x4, #lobit.ternary<row, f32>>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4xf32>
// expected-error @below {{expected codes without layout as result, found '!lobit.weight<4x4xf16>'}}
%1 = lobit.quantize "optimal" %0 : !lobit.weight<4x4xf32> to !lobit.weight<4x4xf16>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4xf32>
// expected-error @below {{expected codes without layout as result, found '!lobit.weight<4x4, #lobit.ternary<row, f32>, t2_dot>'}}
%1 = lobit.quantize "optimal" %0 : !lobit.weight<4x4xf32>
       to !lobit.weight<4x4, #lobit.ternary<row, f32>, t2_dot>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4xf32>
// expected-error @below {{expected a result of shape 4x4, found 4x8}}
%1 = lobit.quantize "optimal" %0 : !lobit.weight<4x4xf32>
       to !lobit.weight<4x8, #lobit.ternary<row, f32>>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4xf32>
// expected-error @below {{expected a method for scheme ternary (absmean, absmean-hf, absmean-block, absmean-refit, optimal), found absmax}}
%1 = lobit.quantize "absmax" %0 : !lobit.weight<4x4xf32>
       to !lobit.weight<4x4, #lobit.ternary<row, f32>>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4xf32>
// expected-error @below {{expected a method for scheme int8 (absmax), found optimal}}
%1 = lobit.quantize "optimal" %0 : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.int8<row, f32>>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4xf32>
// expected-error @below {{expected a method for scheme int4 (search), found absmax}}
%1 = lobit.quantize "absmax" %0 : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.int4<row, f32>>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4xf32>
// expected-error @below {{expected a method for scheme int6 (magnitude, seed, seed-exact), found absmax}}
%1 = lobit.quantize "absmax" %0 : !lobit.weight<4x4xf32> to !lobit.weight<4x4, #lobit.int6<row, f32>>
