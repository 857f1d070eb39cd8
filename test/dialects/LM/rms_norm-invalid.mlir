// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<?x4xf32>, %w: !lobit.weight<1x4xf32>) {
  // expected-error @below {{expected a vector of kept values as weight, found '!lobit.weight<1x4xf32>'}}
  %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<1x4xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>, %w: !lobit.weight<8xf32>) {
  // expected-error @below {{expected 8 columns in the input, found 4}}
  %y = lm.rms_norm %x, %w eps 1.0e-05 : tensor<?x4xf32>, !lobit.weight<8xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>, %w: !lobit.weight<4xf32>) {
  // expected-error @below {{expected a finite eps of at least 0, found -1.0}}
  %y = lm.rms_norm %x, %w eps -1.0 : tensor<?x4xf32>, !lobit.weight<4xf32>
  return
}
