// RUN: quant-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{expected either a name or codes, found neither}}
%0 = lobit.weight : !lobit.weight<4xf32>

// -----

// expected-error @below {{expected either a name or codes, found both}}
%0 = lobit.weight "a" codes dense<1.0> : tensor<4xf32> : !lobit.weight<4xf32>

// -----

// expected-error @below {{expected the name of a tensor, found an empty string}}
%0 = lobit.weight "" : !lobit.weight<4xf32>

// -----

// expected-error @below {{expected no scales beside a name, found scales}}
%0 = lobit.weight "a" scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<1x4, #lobit.ternary<tensor, f32>>

// -----

// expected-error @below {{expected no layout beside a name, found t2_dot}}
%0 = lobit.weight "a" : !lobit.weight<1x4, #lobit.ternary<tensor, f32>, t2_dot>

// -----

// expected-error @below {{expected scales for codes of scheme ternary, found none}}
%0 = lobit.weight codes dense<1> : tensor<1x4xi8> : !lobit.weight<1x4, #lobit.ternary<tensor, f32>>

// -----

// expected-error @below {{expected no scales for kept values of scheme bf16, found scales}}
%0 = lobit.weight codes dense<1.0> : tensor<4xbf16> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<4xbf16>

// -----

// expected-error @below {{expected codes of element type 'f16', found 'f32'}}
%0 = lobit.weight codes dense<1.0> : tensor<4xf32> : !lobit.weight<4xf16>

// -----

// expected-error @below {{expected codes of element type 'i8', found 'i32'}}
%0 = lobit.weight codes dense<1> : tensor<1x4xi32> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<1x4, #lobit.ternary<tensor, f32>>

// -----

// expected-error @below {{expected codes of shape 1x4, found 4x1}}
%0 = lobit.weight codes dense<1> : tensor<4x1xi8> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<1x4, #lobit.ternary<tensor, f32>>

// -----

// Packed weights count bytes: 4 rows of 256 columns, 4 codes a byte.
// expected-error @below {{expected codes of shape 256, found 1x4}}
%0 = lobit.weight codes dense<1> : tensor<1x4xi8> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<1x4, #lobit.ternary<tensor, f32>, t2_dot>

// -----

// expected-error @below {{expected codes from -1 to 1, found 2 at row 1, column 0}}
%0 = lobit.weight codes dense<[[1, 0], [2, 1]]> : tensor<2x2xi8> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<2x2, #lobit.ternary<tensor, f32>>

// -----

// expected-error @below {{expected codes from -127 to 127, found -128 at row 0, column 1}}
%0 = lobit.weight codes dense<[[1, -128]]> : tensor<1x2xi8> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<1x2, #lobit.int8<row, f32>>

// -----

// expected-error @below {{expected scales of element type 'f16', found 'f32'}}
%0 = lobit.weight codes dense<1> : tensor<1x4xi8> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<1x4, #lobit.ternary<tensor, f16>>

// -----

// expected-error @below {{expected scales of shape 4, found 2}}
%0 = lobit.weight codes dense<1> : tensor<2x40xi8> scales dense<1.0> : tensor<2xf32>
       : !lobit.weight<2x40, #lobit.ternary<group = 32, f32>>

// -----

// expected-error @below {{weight code at row 0, column 1: expected -32..31, found 32}}
%0 = lobit.weight codes dense<[[31, 32]]> : tensor<1x2xi8> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<1x2, #lobit.int6<row, f32>>

// -----

// expected-error @below {{the 8 weight codes from row 0, column 0: expected at most two pairs that are not 0, found more}}
%0 = lobit.weight codes dense<[[1, 0, 1, 0, 0, 1]]> : tensor<1x6xi8> scales dense<1.0> : tensor<1xf32>
       : !lobit.weight<1x6, #lobit.int6<row, f32>>
