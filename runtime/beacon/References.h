/// \file
/// Reference beacons of several tensors, one after the other, as an artifact holds them.
#ifndef LOBIT_BEACON_REFERENCES_H
#define LOBIT_BEACON_REFERENCES_H

#include "runtime/beacon/Summary.h"
#include "runtime/format/ByteView.h"

namespace lobit::beacon {

class References {
public:
  /// Checks each beacon in `bytes`; one that reports a drift is a reference like another.
  static Result<References> read(ByteView bytes);

  size_t size() const { return references_.size(); }
  const Reference &operator[](size_t index) const { return references_[index]; }
  /// The one of this context; null when there is none.
  const Reference *find(const ContextIds &ids, uint32_t dim) const;

private:
  std::vector<Reference> references_; ///< named by their context
};

} // namespace lobit::beacon

#endif // LOBIT_BEACON_REFERENCES_H
