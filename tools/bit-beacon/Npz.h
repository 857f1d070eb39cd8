/// \file
/// Gaussians of SCL, the semantic compression language, in .npz files: mu, Sigma, W, t0
/// and t1, as NumPy writes and reads them.
#ifndef LOBIT_TOOLS_BIT_BEACON_NPZ_H
#define LOBIT_TOOLS_BIT_BEACON_NPZ_H

#include "runtime/format/Status.h"

#include <string>
#include <vector>

namespace lobit {

struct SclGaussian {
  std::vector<double> mu;    ///< [dim]
  std::vector<double> sigma; ///< [dim, dim]
  double weight = 0, t0 = 0, t1 = 0;
};

/// Any zip that NumPy can read, deflated too. Numbers finite, shapes consistent.
Result<SclGaussian> readScl(const std::string &path);
/// The same Gaussian gives the same bytes.
Status writeScl(const std::string &path, const SclGaussian &gaussian);

} // namespace lobit

#endif // LOBIT_TOOLS_BIT_BEACON_NPZ_H
