#!/usr/bin/env python3
"""Prints a seeded 20 -> 33 -> 7 MLP with relu as a linalg module, weights inline."""
import random

generator = random.Random(5)


def dense(rows, columns):
    values = [[round(generator.gauss(0, 0.3), 4) for _ in range(columns)] for _ in range(rows)]
    return "[" + ",\n      ".join("[" + ", ".join(map(repr, row)) + "]" for row in values) + "]"


def vector(count):
    return "[" + ", ".join(repr(round(generator.gauss(0, 0.1), 4)) for _ in range(count)) + "]"


print(f"""#row = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
func.func @main(%x: tensor<5x20xf32>) -> tensor<5x7xf32> attributes {{lobit.entry}} {{
  %w1 = arith.constant dense<{dense(20, 33)}> : tensor<20x33xf32>
  %b1 = arith.constant dense<{vector(33)}> : tensor<33xf32>
  %w2 = arith.constant dense<{dense(7, 33)}> : tensor<7x33xf32>
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<5x33xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<5x33xf32>) -> tensor<5x33xf32>
  %h = linalg.matmul ins(%x, %w1 : tensor<5x20xf32>, tensor<20x33xf32>)
                     outs(%f1 : tensor<5x33xf32>) -> tensor<5x33xf32>
  %hb = linalg.generic {{indexing_maps = [#row, #column, #row],
                        iterator_types = ["parallel", "parallel"]}}
      ins(%h, %b1 : tensor<5x33xf32>, tensor<33xf32>) outs(%e1 : tensor<5x33xf32>) {{
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  }} -> tensor<5x33xf32>
  %r = linalg.generic {{indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}}
      ins(%hb : tensor<5x33xf32>) outs(%e1 : tensor<5x33xf32>) {{
  ^bb0(%a: f32, %o: f32):
    %c = arith.cmpf ogt, %a, %zero : f32
    %m = arith.select %c, %a, %zero : f32
    linalg.yield %m : f32
  }} -> tensor<5x33xf32>
  %e2 = tensor.empty() : tensor<5x7xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<5x7xf32>) -> tensor<5x7xf32>
  %y = linalg.matmul_transpose_b ins(%r, %w2 : tensor<5x33xf32>, tensor<7x33xf32>)
                                 outs(%f2 : tensor<5x7xf32>) -> tensor<5x7xf32>
  return %y : tensor<5x7xf32>
}}""")
