// RUN: quant-opt %s -split-input-file -verify-diagnostics

%0 = lobit.weight "w" : !lobit.weight<4x4xf32>
// expected-error @below {{expected codes without layout as input, found '!lobit.weight<4x4xf32>'}}
%1 = lobit.pack %0 : !lobit.weight<4x4xf32> to !lobit.weight<4x4xf32>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4, #lobit.int8<row, f32>>
// expected-error @below {{expected a result with layout, found '!lobit.weight<4x4, #lobit.int8<row, f32>>'}}
%1 = lobit.pack %0 : !lobit.weight<4x4, #lobit.int8<row, f32>> to !lobit.weight<4x4, #lobit.int8<row, f32>>

// -----

%0 = lobit.weight "w" : !lobit.weight<4x4, #lobit.int8<row, f32>>
// expected-error @below {{expected the result '!lobit.weight<4x4, #lobit.int8<row, f32>, i8_dot>', found '!lobit.weight<4x8, #lobit.int8<row, f32>, i8_dot>'}}
%1 = lobit.pack %0 : !lobit.weight<4x4, #lobit.int8<row, f32>>
       to !lobit.weight<4x8, #lobit.int8<row, f32>, i8_dot>
