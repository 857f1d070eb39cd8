/// \file
/// exp, log, sin and cos in f64 that give the same bits on every machine, because the
/// host's libm need not. Only + - * /, no contraction. Relative error below 1e-15 away
/// from the zeros of sin and cos, absolute error below 1e-15 there.
#ifndef LOBIT_PASSES_IMPORT_PORTABLEMATH_H
#define LOBIT_PASSES_IMPORT_PORTABLEMATH_H

namespace lobit {

/// For |x| <= 700.
double portableExp(double x);
/// For finite x > 0 that is not subnormal.
double portableLog(double x);
/// For |x| <= 2^27.
double portableSin(double x);
double portableCos(double x);
/// x^y for x > 0 with |y log x| <= 700. Its relative error grows with |y log x|: below
/// 1e-15 * max(1, |y log x|).
double portablePow(double x, double y);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_PORTABLEMATH_H
