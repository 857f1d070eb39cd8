#include "runtime/beacon/Projection.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lobit::beacon {

static uint64_t signWord(uint64_t seed, uint64_t index) {
  uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return z ^ z >> 31;
}

std::optional<Projection> Projection::parse(std::string_view piId) {
  if (piId.substr(0, 3) != "rp:")
    return std::nullopt;
  Projection projection;
  const char *const end = piId.data() + piId.size();
  auto [colon, error] = std::from_chars(piId.data() + 3, end, projection.seed);
  if (error != std::errc() || colon == end || *colon != ':')
    return std::nullopt;
  auto [last, countError] = std::from_chars(colon + 1, end, projection.outputs);
  if (countError != std::errc() || last != end || projection.outputs == 0 ||
      projection.outputs > 65536)
    return std::nullopt;
  return projection;
}

template <typename T> void Projection::apply(const T *x, uint64_t dim, double *y) const {
  std::fill(y, y + outputs, 0.0);
  uint64_t n = 0, word = 0;
  for (uint64_t i = 0; i < dim; ++i) {
    const double signs[2] = {-double(x[i]), double(x[i])};
    for (uint32_t j = 0; j < outputs;) {
      if (n % 64 == 0)
        word = signWord(seed, n / 64);
      const uint64_t here = n % 64, count = std::min<uint64_t>(64 - here, outputs - j);
      const uint64_t bits = word >> here;
      for (uint64_t b = 0; b < count; ++b)
        y[j + b] += signs[bits >> b & 1];
      j += uint32_t(count);
      n += count;
    }
  }
  const double root = std::sqrt(double(outputs));
  for (uint32_t j = 0; j < outputs; ++j)
    y[j] /= root;
}
template void Projection::apply(const float *, uint64_t, double *) const;
template void Projection::apply(const double *, uint64_t, double *) const;

} // namespace lobit::beacon
