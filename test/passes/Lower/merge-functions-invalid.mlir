// RUN: quant-opt %s -lobit-merge-functions -verify-diagnostics

// expected-error @+1 {{calls itself; expected calls without recursion}}
func.func private @f(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = call @f(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
