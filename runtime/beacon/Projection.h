/// \file
/// A random projection that anybody can repeat: signs from SplitMix64.
///
///   n = i k + j,  word = splitmix64(seed + (floor(n / 64) + 1) 0x9E3779B97F4A7C15),
///   sign = bit (n mod 64) of word ? +1 : -1,  y_j = sum_i sign x_i / sqrt(k)
#ifndef LOBIT_BEACON_PROJECTION_H
#define LOBIT_BEACON_PROJECTION_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace lobit::beacon {

struct Projection {
  uint64_t seed = 0;
  uint32_t outputs = 0; ///< k

  /// From a pi id "rp:<seed>:<k>" with decimal numbers, k in 1 .. 65536; nothing for
  /// every other id.
  static std::optional<Projection> parse(std::string_view piId);
  /// x f32 or f64 [dim] -> y f64 [outputs], in f64, i ascending.
  template <typename T> void apply(const T *x, uint64_t dim, double *y) const;
};

} // namespace lobit::beacon

#endif // LOBIT_BEACON_PROJECTION_H
