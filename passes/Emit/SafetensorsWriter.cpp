#include "passes/Emit/SafetensorsWriter.h"

#include "nlohmann/json.hpp"

#include <algorithm>

using Json = nlohmann::ordered_json;

namespace lobit {

SafetensorsWriter::SafetensorsWriter(ByteSink &sink, std::vector<SafetensorsEntry> entries,
                                     std::map<std::string, std::string> metadata)
    : sink_(sink), entries_(std::move(entries)), metadata_(std::move(metadata)) {
  std::sort(
      entries_.begin(), entries_.end(), [](const SafetensorsEntry &a, const SafetensorsEntry &b) {
        return a.elementBytes != b.elementBytes ? a.elementBytes > b.elementBytes : a.name < b.name;
      });
  uint64_t offset = 0;
  for (const SafetensorsEntry &entry : entries_) {
    places_[entry.name] = {offset, entry.size};
    offset += entry.size;
  }
}

Status SafetensorsWriter::begin() {
  Json json;
  json["__metadata__"] = metadata_;
  for (const SafetensorsEntry &entry : entries_) {
    const uint64_t offset = places_[entry.name].offset;
    json[entry.name] = {{"dtype", entry.type},
                        {"shape", entry.shape},
                        {"data_offsets", {offset, offset + entry.size}}};
  }
  std::string header = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  header.resize((header.size() + 7) / 8 * 8, ' ');
  uint8_t length[8];
  for (unsigned i = 0; i < 8; ++i)
    length[i] = uint8_t(uint64_t(header.size()) >> 8 * i);
  if (Status status = sink_.write(0, length, 8); !status.ok())
    return status;
  dataStart_ = 8 + header.size();
  return sink_.write(8, reinterpret_cast<const uint8_t *>(header.data()), header.size());
}

Status SafetensorsWriter::write(const std::string &name, const uint8_t *bytes) {
  const Place &place = places_.at(name);
  return sink_.write(dataStart_ + place.offset, bytes, place.size);
}

} // namespace lobit
