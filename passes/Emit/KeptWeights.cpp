#include "passes/Emit/KeptWeights.h"
#include "dialects/Lobit/Weights/LargeVector.h"

#include <algorithm>

namespace lobit {

static uint64_t sizeOf(const EvaluatedWeight &weight) {
  return weight.bytes.size() + weight.scales.size() * sizeof(float);
}

PieceSink KeptWeights::open(const Key &key, uint64_t bytes) {
  wasAbandoned_ |= opened_ && opened_->place;
  opened_ = Opened{key, std::nullopt, {}};
  if (const auto place = places_.find(key); place != places_.end()) {
    opened_->place = place->second;
    const uint64_t start = place->second.offset;
    return [this, start](uint64_t offset, const uint8_t *from, uint64_t size) {
      write(start + offset, from, size);
    };
  }
  if (bytes > budget_ - std::min(size_, budget_)) {
    opened_.reset();
    return nullptr;
  }
  opened_->bytes = makeLargeVector<uint8_t>(bytes, threads_);
  uint8_t *to = opened_->bytes.data();
  return [to](uint64_t offset, const uint8_t *from, uint64_t size) {
    std::copy_n(from, size, to + offset);
  };
}

void KeptWeights::close(std::vector<float> scales) {
  Opened opened = std::move(*opened_);
  opened_.reset();
  if (opened.place) {
    written_.emplace(opened.key, *opened.place);
    return writeScales(*opened.place, scales);
  }
  EvaluatedWeight weight;
  weight.bytes = std::move(opened.bytes);
  weight.scales = std::move(scales);
  const uint64_t size = sizeOf(weight);
  if (inMemory_.try_emplace(opened.key, std::move(weight)).second)
    size_ += size;
}

KeptWeights::~KeptWeights() { wait(); }

void KeptWeights::wait() {
  if (writer_.joinable())
    writer_.join();
}

void KeptWeights::writeTo(AtomicFile &file, uint64_t start, Places places) {
  file_ = &file;
  start_ = start;
  places_ = std::move(places);
  std::map<Key, EvaluatedWeight> placed;
  for (const auto &[key, place] : places_)
    if (std::optional<EvaluatedWeight> weight = take(key)) {
      written_.emplace(key, place);
      placed.emplace(key, std::move(*weight));
    }
  writer_ = std::thread([this, placed = std::move(placed)]() mutable {
    for (auto &[key, weight] : placed) {
      const WeightPlace &place = places_.at(key);
      write(place.offset, weight.bytes.data(), weight.bytes.size());
      writeScales(place, weight.scales);
      weight = EvaluatedWeight();
    }
  });
}

Status KeptWeights::settle(uint64_t start, const Places &places) {
  wait();
  if (!status_.ok())
    return status_;
  wasAbandoned_ |= opened_ && opened_->place;
  const bool fit =
      !wasAbandoned_ && std::all_of(written_.begin(), written_.end(), [&](const auto &entry) {
        const auto place = places.find(entry.first);
        return place != places.end() && place->second == entry.second;
      });
  if (!fit) {
    written_.clear();
    return file_->truncate(0);
  }
  if (start == start_ || written_.empty())
    return Status();
  return file_->move(start_, start, file_->size() - start_);
}

std::optional<EvaluatedWeight> KeptWeights::take(const Key &key) {
  const auto found = inMemory_.find(key);
  if (found == inMemory_.end())
    return std::nullopt;
  EvaluatedWeight weight = std::move(found->second);
  inMemory_.erase(found);
  size_ -= sizeOf(weight);
  return weight;
}

void KeptWeights::write(uint64_t offset, const uint8_t *bytes, uint64_t size) {
  Status status = file_->write(start_ + offset, bytes, size);
  if (status.ok())
    return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (status_.ok())
    status_ = std::move(status);
}

void KeptWeights::writeScales(const WeightPlace &place, const std::vector<float> &scales) {
  const std::vector<uint8_t> bytes = encodeScales(scales, place.scaleType);
  if (!bytes.empty())
    write(place.scaleOffset, bytes.data(), bytes.size());
}

} // namespace lobit
