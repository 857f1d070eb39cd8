#include "dialects/Lobit/Weights/CodedTensors.h"

using namespace lobit;

void CodedTensors::put(const std::string &name, CodedWeight coded, int64_t rows, int64_t columns) {
  auto codes = std::make_shared<std::vector<int8_t>>(std::move(coded.codes));
  TensorData data;
  data.type = ElementType::Int8Codes;
  data.shape = {rows, columns};
  data.bytes = reinterpret_cast<const uint8_t *>(codes->data());
  data.size = codes->size();
  data.scales = std::move(coded.scales);
  data.keepAlive = codes;
  coded_.insert_or_assign(name, std::move(data));
}

Result<TensorData> CodedTensors::load(std::string_view name) {
  if (auto it = coded_.find(name); it != coded_.end())
    return it->second;
  if (stored_)
    return stored_->load(name);
  return Status(StatusCode::MISSING, "there is no tensor '" + std::string(name) + "'");
}
