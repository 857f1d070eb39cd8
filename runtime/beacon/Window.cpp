#include "runtime/beacon/Window.h"

#include <algorithm>
#include <cstring>

namespace lobit::beacon {

Result<Window> Window::create(uint32_t dim, uint64_t maxRows, Keep keep, SigmaChoice sigma,
                              std::optional<Projection> projection) {
  Window window;
  window.inputDim_ = dim;
  window.dim_ = projection ? projection->outputs : dim;
  if (maxRows == 0 || dim == 0 || window.dim_ > kMaxDim)
    return Status(StatusCode::INVALID_ARGUMENT, "a window of " + std::to_string(maxRows) +
                                                    " rows and " + std::to_string(dim) +
                                                    " columns cannot be kept");
  const uint64_t fit = std::clamp<uint64_t>(kMaxNumbers / window.dim_, 1, kMaxRows);
  if (keep == Keep::Last && maxRows > fit)
    return Status(StatusCode::RESOURCE_LIMIT,
                  "a window of the last rows keeps at most " + std::to_string(fit) + " rows of " +
                      std::to_string(window.dim_) + " columns, found " + std::to_string(maxRows) +
                      "; take fewer, the first rows, or a projection");
  window.maxRows_ = maxRows;
  window.capacity_ = std::min(maxRows, fit);
  window.keep_ = keep;
  window.sigma_ = sigma.resolve(window.dim_, maxRows);
  if (window.capacity_ < maxRows && window.sigma_.kind == SigmaChoice::LowRank)
    return Status(StatusCode::RESOURCE_LIMIT, "a low-rank Sigma takes at most 256 rows, found " +
                                                  std::to_string(maxRows) + "; use a diagonal one");
  window.projection_ = projection;
  window.projected_.resize(projection ? window.dim_ : 0);
  window.ring_.resize(window.capacity_ * window.dim_);
  return window;
}

uint64_t Window::rows() const { return std::min(seen_, maxRows_); }

void Window::clear() {
  seen_ = kept_ = start_ = 0;
  folded_.reset();
}

Status Window::add(const float *row) {
  if (isFull())
    return {};
  if (kept_ == capacity_) {
    if (keep_ == Keep::First) {
      if (Status status = fold(); !status.ok())
        return status;
    } else {
      start_ = start_ + 1 == capacity_ ? 0 : start_ + 1;
      --kept_;
    }
  }
  const uint64_t place = start_ + kept_ < capacity_ ? start_ + kept_ : start_ + kept_ - capacity_;
  float *out = ring_.data() + place * dim_;
  if (projection_) {
    projection_->apply(row, inputDim_, projected_.data());
    for (uint32_t j = 0; j < dim_; ++j)
      out[j] = float(projected_[j]);
  } else {
    memcpy(out, row, dim_ * sizeof(float));
  }
  ++kept_;
  ++seen_;
  return {};
}

Status Window::fold() {
  Result<Moments> part =
      momentsOf(Rows<float>(ring_.data(), kept_, dim_),
                sigma_.kind == SigmaChoice::Full ? SigmaKind::Packed : SigmaKind::Diagonal);
  if (!part.ok())
    return std::move(part).status();
  if (folded_) {
    Result<Moments> merged = merge(*folded_, *part);
    if (!merged.ok())
      return std::move(merged).status();
    part = std::move(merged);
  }
  folded_ = std::move(part).value();
  kept_ = 0;
  return {};
}

Result<Summary> Window::summarize(bool wantHalves) const {
  const Rows<float> rows(ring_.data(), kept_, dim_, capacity_, start_);
  if (!folded_)
    return beacon::summarize(rows, sigma_, wantHalves);
  SigmaChoice all = sigma_;
  if (all.kind == SigmaChoice::None)
    all.kind = SigmaChoice::Diagonal; // the trace needs it
  Result<Summary> summary = beacon::summarize(rows, all, false);
  if (!summary.ok())
    return summary;
  Result<Moments> merged = merge(*folded_, summary->moments);
  if (!merged.ok())
    return std::move(merged).status();
  summary->moments = std::move(merged).value();
  summary->trace = summary->moments.trace();
  if (sigma_.kind == SigmaChoice::None) {
    summary->moments.kind = SigmaKind::None;
    summary->moments.sigma.clear();
  }
  return summary;
}

} // namespace lobit::beacon
