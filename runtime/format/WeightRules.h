/// \file
/// What level full checks of the weights beyond their digest: codes, padding, scales
/// and gaps. In pieces, which threads may share.
#ifndef LOBIT_FORMAT_WEIGHT_RULES_H
#define LOBIT_FORMAT_WEIGHT_RULES_H

#include "runtime/format/Artifact.h"

namespace lobit {

class WeightRules {
public:
  /// Borrows the artifact.
  explicit WeightRules(const ArtifactView &artifact);

  size_t count() const { return pieces_.size(); }
  /// The order of the pieces is the order in which failures are to be reported. Nothing
  /// is allocated when nothing is wrong.
  Status check(size_t piece) const;

private:
  /// Rows of a tensor; no rows: its scales; no tensor: the gaps between tensors.
  struct Piece {
    const TensorInfo *tensor;
    uint64_t firstRow, rows;
  };
  Status checkRows(const Piece &piece) const;
  Status checkScales(const TensorInfo &tensor) const;
  Status checkGaps() const;

  const ArtifactView *artifact_;
  uint64_t base_;                                     ///< offset of the weights in the file
  std::vector<std::pair<uint64_t, uint64_t>> ranges_; ///< offset and size of data and scales
  std::vector<Piece> pieces_;
};

} // namespace lobit

#endif // LOBIT_FORMAT_WEIGHT_RULES_H
