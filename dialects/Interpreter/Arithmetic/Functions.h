/// \file
/// The functions of docs/numerics.md, section "Functions".
#ifndef LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_FUNCTIONS_H
#define LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_FUNCTIONS_H

namespace lobit::reference {

/// Round half to even for |x| <= 2^22.
float roundHalfEven(float x);
/// e^x: 0 below -87, e^88 above 88, at most 2 ulp between.
float exponential(float x);

} // namespace lobit::reference

#endif // LOBIT_DIALECTS_INTERPRETER_ARITHMETIC_FUNCTIONS_H
