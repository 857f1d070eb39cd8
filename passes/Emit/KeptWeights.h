/// \file
/// Packed weights that were made before their artifact: in memory, and in its file as soon as
/// their place there is known.
#ifndef LOBIT_PASSES_EMIT_KEPTWEIGHTS_H
#define LOBIT_PASSES_EMIT_KEPTWEIGHTS_H

#include "dialects/Lobit/Weights/PackedWeights.h"
#include "dialects/Lobit/Weights/WeightEvaluator.h"
#include "passes/Emit/AtomicFile.h"

#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace lobit {

/// Places of a weight, from the start of the weights section.
struct WeightPlace {
  uint64_t offset = 0, scaleOffset = 0;
  ScaleType scaleType = ScaleType::F32;

  bool operator==(const WeightPlace &other) const {
    return offset == other.offset && scaleOffset == other.scaleOffset;
  }
};

class KeptWeights : public PackedWeights {
public:
  using Places = std::map<Key, WeightPlace>;

  /// At most `budget` bytes are kept in memory.
  KeptWeights(uint64_t budget, unsigned threads) : budget_(budget), threads_(threads) {}
  ~KeptWeights() override;

  PieceSink open(const Key &key, uint64_t bytes) override;
  void close(std::vector<float> scales) override;

  /// The weights section of `file` starts at `start`: weights that have a place are written
  /// there, those in memory by a thread of their own.
  void writeTo(AtomicFile &file, uint64_t start, Places places);
  /// Until the thread of writeTo has ended.
  void wait();
  /// Whether writeTo was called.
  bool isWriting() const { return file_ != nullptr; }
  /// After writeTo, when all weights are closed and their places are known: what was written is
  /// moved when the section starts elsewhere, and forgotten when weights have other places.
  /// Also tells of a failed write.
  Status settle(uint64_t start, const Places &places);
  bool isWritten(const Key &key) const { return written_.count(key) != 0; }
  /// Hands out what is in memory, and forgets it.
  std::optional<EvaluatedWeight> take(const Key &key);

private:
  void write(uint64_t offset, const uint8_t *bytes, uint64_t size);
  void writeScales(const WeightPlace &place, const std::vector<float> &scales);

  uint64_t budget_, size_ = 0;
  unsigned threads_;
  std::map<Key, EvaluatedWeight> inMemory_;
  AtomicFile *file_ = nullptr;
  uint64_t start_ = 0;
  Places places_, written_;
  std::thread writer_; ///< of what was in memory
  std::mutex mutex_;   ///< of status_
  Status status_;      ///< the first failure to write

  struct Opened {
    Key key;
    std::optional<WeightPlace> place; ///< in the file; without one, in `bytes`
    std::vector<uint8_t> bytes;
  };
  std::optional<Opened> opened_;
  bool wasAbandoned_ = false; ///< a weight with a place was opened and not closed
};

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_KEPTWEIGHTS_H
