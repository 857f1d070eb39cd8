// RUN: quant-opt %s -split-input-file -verify-diagnostics

func.func @f(%q: tensor<?x6xf32>, %k: tensor<?x4xf32>, %c: !lm.cache<2x8x2>, %p: index) {
  // expected-error @below {{expected heads to be a multiple of the 2 key-value heads, found 3}}
  %y = lm.attention %q, %k, %k, %c at %p heads 3 scale 1.0 : tensor<?x6xf32>, tensor<?x4xf32>, !lm.cache<2x8x2>
  return
}

// -----

func.func @f(%q: tensor<?x8xf32>, %k: tensor<3x4xf32>, %c: !lm.cache<2x8x2>, %p: index) {
  // expected-error @below {{expected ? tokens in the keys, found 3}}
  %y = lm.attention %q, %k, %k, %c at %p heads 4 scale 1.0 : tensor<?x8xf32>, tensor<3x4xf32>, !lm.cache<2x8x2>
  return
}

// -----

func.func @f(%q: tensor<?x6xf32>, %k: tensor<?x4xf32>, %c: !lm.cache<2x8x2>, %p: index) {
  // expected-error @below {{expected 8 columns in the query, found 6}}
  %y = lm.attention %q, %k, %k, %c at %p heads 4 scale 1.0 : tensor<?x6xf32>, tensor<?x4xf32>, !lm.cache<2x8x2>
  return
}

// -----

func.func @f(%q: tensor<?x8xf32>, %k: tensor<?x8xf32>, %c: !lm.cache<2x8x2>, %p: index) {
  // expected-error @below {{expected 4 columns in the keys, found 8}}
  %y = lm.attention %q, %k, %k, %c at %p heads 4 scale 1.0 : tensor<?x8xf32>, tensor<?x8xf32>, !lm.cache<2x8x2>
  return
}
