/// \file
/// The encoder that int6 files come from, written a second time from its rules and
/// sharing nothing with dialects/Lobit/Weights. Deliberately plain.
#ifndef LOBIT_TEST_DIALECTS_LOBIT_WEIGHTS_SEEDENCODER_H
#define LOBIT_TEST_DIALECTS_LOBIT_WEIGHTS_SEEDENCODER_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace lobit {

struct SeedRow {
  std::vector<int> codes; ///< columns rounded up to 64
  float scale = 0;
  std::vector<uint8_t> payload;
  std::vector<uint32_t> metadata;
};

/// `fabricate`: the encoder as it is. Otherwise zeros stay zeros and a row without codes
/// has scale 0.
inline SeedRow encodeSeedRow(std::vector<float> weights, bool fabricate) {
  const size_t columns = weights.size(), padded = (columns + 63) / 64 * 64;
  weights.resize(padded, 0.0f);
  for (size_t chunk = 0; chunk < padded; chunk += 8) {
    std::vector<std::pair<float, int>> order;
    for (int pair = 0; pair < 4; ++pair) {
      const float a = weights[chunk + 2 * size_t(pair)], b = weights[chunk + 2 * size_t(pair) + 1];
      const float aa = a * a, bb = b * b;
      order.push_back({aa + bb, pair});
    }
    std::sort(order.begin(), order.end(), [](const auto &x, const auto &y) {
      return x.first != y.first ? x.first > y.first : x.second < y.second;
    });
    for (size_t loser : {2u, 3u})
      for (size_t i : {0u, 1u})
        weights[chunk + 2 * size_t(order[loser].second) + i] = 0;
  }

  float amax = 1e-6f;
  for (float w : weights)
    amax = std::fmax(amax, std::fabs(w));
  const float scale = amax / 31.0f;
  SeedRow row;
  long double products = 0;
  long squares = 0;
  for (float w : weights) {
    int q = std::min(31, std::max(-32, int(std::nearbyint(w / scale))));
    if (fabricate && q == 0 && w != 0)
      q = w > 0 ? 1 : -1;
    row.codes.push_back(q);
    products += static_cast<long double>(q) * static_cast<long double>(w);
    squares += q * q;
  }
  const double quotient = std::fabs(double(products)) / (squares ? double(squares) : double(1e-6f));
  row.scale = std::max(float(quotient), 1e-6f);
  if (!fabricate && squares == 0)
    row.scale = 0;

  for (size_t chunk = 0; chunk < padded; chunk += 8) {
    auto code = [&](int pair, int i) -> int & { return row.codes[chunk + size_t(2 * pair + i)]; };
    std::vector<int> pairs;
    for (int pair = 0; pair < 4; ++pair)
      if (pairs.size() < 2 && (code(pair, 0) != 0 || code(pair, 1) != 0))
        pairs.push_back(pair);
    for (int pair = 0; pair < 4; ++pair)
      if (pairs.size() < 2 && std::find(pairs.begin(), pairs.end(), pair) == pairs.end())
        pairs.push_back(pair);
    std::sort(pairs.begin(), pairs.end());
    uint32_t word = 0;
    for (int k = 0; k < 4; ++k) {
      int &mine = code(pairs[size_t(k / 2)], k % 2);
      const int partner = code(pairs[size_t(k / 2)], 1 - k % 2);
      if (fabricate && mine == 0)
        mine = partner >= 0 ? 1 : -1;
      word |= uint32_t(mine & 63) << 6 * k;
    }
    for (int i = 0; i < 3; ++i)
      row.payload.push_back(uint8_t(word >> 8 * i));
    if (chunk % 64 == 0)
      row.metadata.push_back(0);
    row.metadata.back() |= uint32_t(pairs[0] | pairs[1] << 2) << (chunk % 64 / 8 * 4);
  }
  return row;
}

} // namespace lobit

#endif // LOBIT_TEST_DIALECTS_LOBIT_WEIGHTS_SEEDENCODER_H
