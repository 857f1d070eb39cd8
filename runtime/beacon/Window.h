/// \file
/// The rows of a running model, as they come.
#ifndef LOBIT_BEACON_WINDOW_H
#define LOBIT_BEACON_WINDOW_H

#include "runtime/beacon/Projection.h"
#include "runtime/beacon/Summary.h"

namespace lobit::beacon {

enum class Keep { Last, First };

/// Keeps the last or the first rows as f32. Of the first ones there may be any number:
/// every 4096 of them (fewer when rows are long) become statistics that are merged.
class Window {
public:
  /// `projection` applies before anything is kept; the window then has its outputs as
  /// dimension. RESOURCE_LIMIT when more than 4096 last rows are asked for.
  static Result<Window> create(uint32_t dim, uint64_t maxRows, Keep keep, SigmaChoice sigma,
                               std::optional<Projection> projection);
  Window() = default;

  /// Allocates nothing, except when rows become statistics.
  Status add(const float *row);
  /// Rows that take part now.
  uint64_t rows() const;
  uint32_t dim() const { return dim_; }
  bool isFull() const { return keep_ == Keep::First && seen_ == maxRows_; }
  void clear();
  /// INVALID_ARGUMENT without rows.
  Result<Summary> summarize(bool wantHalves) const;

  static constexpr uint64_t kMaxRows = 4096;
  /// Rows are folded when they are this many numbers together.
  static constexpr uint64_t kMaxNumbers = 1ull << 26;

private:
  Status fold();

  uint32_t inputDim_ = 0, dim_ = 0;
  uint64_t maxRows_ = 0, capacity_ = 0, seen_ = 0;
  uint64_t kept_ = 0, start_ = 0; ///< rows in ring_, and the first of them
  Keep keep_ = Keep::Last;
  SigmaChoice sigma_;
  std::optional<Projection> projection_;
  std::vector<double> projected_;
  std::vector<float> ring_;
  std::optional<Moments> folded_;
};

} // namespace lobit::beacon

#endif // LOBIT_BEACON_WINDOW_H
