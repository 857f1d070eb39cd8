// What lobit-sparsify-obs refuses.
// RUN: quant-opt %s -lobit-sparsify-obs -split-input-file -verify-diagnostics

// expected-error@below {{layer linear_0: what it reads is not known; add the attribute lobit.inputs to the lobit.linear, or compile with quant-compile --calibration}}
module {
  func.func @noInputs(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
    %w = lobit.weight codes dense<1.0> : tensor<1x2xf32> : !lobit.weight<1x2xf32>
    %y = lobit.linear %x, %w : tensor<1x2xf32>, !lobit.weight<1x2xf32> -> tensor<1x1xf32>
    return %y : tensor<1x1xf32>
  }
}

// -----

// expected-error@below {{layer linear_0: expected lobit.inputs to be dense f32 values [n, 2]}}
module {
  func.func @otherColumns(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
    %w = lobit.weight codes dense<1.0> : tensor<1x2xf32> : !lobit.weight<1x2xf32>
    %y = lobit.linear %x, %w {lobit.inputs = dense<1.0> : tensor<4x3xf32>} : tensor<1x2xf32>, !lobit.weight<1x2xf32> -> tensor<1x1xf32>
    return %y : tensor<1x1xf32>
  }
}

// -----

// expected-error@below {{layer linear_0: expected finite lobit.inputs, found NaN or infinity}}
module {
  func.func @notFinite(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
    %w = lobit.weight codes dense<1.0> : tensor<1x2xf32> : !lobit.weight<1x2xf32>
    %y = lobit.linear %x, %w {lobit.inputs = dense<0x7F800000> : tensor<1x2xf32>} : tensor<1x2xf32>, !lobit.weight<1x2xf32> -> tensor<1x1xf32>
    return %y : tensor<1x1xf32>
  }
}

// -----

// expected-error@below {{layer a: int6:obs has to look at the weight 'a.weight', but no model file was given}}
module {
  func.func @byName(%x: tensor<1x2xf32>) -> tensor<1x1xf32> {
    %w = lobit.weight "a.weight" : !lobit.weight<1x2xf32>
    %y = lobit.linear %x, %w {lobit.inputs = dense<1.0> : tensor<1x2xf32>} : tensor<1x2xf32>, !lobit.weight<1x2xf32> -> tensor<1x1xf32>
    return %y : tensor<1x1xf32>
  }
}
