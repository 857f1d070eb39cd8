#include "passes/Quantize/InlineStatistics.h"

using namespace mlir;
using namespace lobit;

Result<InlineStatistics> InlineStatistics::read(ModuleOp module) {
  Result<std::vector<Layer>> layers = findLayers(module);
  if (!layers.ok())
    return std::move(layers).status();
  InlineStatistics result;
  for (const Layer &layer : *layers) {
    lb::WeightOp weight = layer.chain.weight;
    const int64_t columns = weight.getType().getColumns();
    std::shared_ptr<InputStatistics> inputs;
    for (OpOperand *operand : layer.operands) {
      Attribute attr = operand->getOwner()->getAttr(attribute);
      if (!attr)
        continue;
      auto rows = dyn_cast<DenseElementsAttr>(attr);
      if (!rows || !rows.getElementType().isF32() || rows.getType().getRank() != 2 ||
          rows.getType().getDimSize(1) != columns)
        return Status(StatusCode::MISMATCH, "layer " + layer.names.front() + ": expected " +
                                                attribute + " to be dense f32 values [n, " +
                                                std::to_string(columns) + "]");
      if (!inputs)
        inputs = std::make_shared<InputStatistics>(columns);
      const std::vector<float> values(rows.getValues<float>().begin(),
                                      rows.getValues<float>().end());
      inputs->add(values.data(), rows.getType().getDimSize(0), 1);
    }
    if (inputs && !inputs->isFinite())
      return Status(StatusCode::NONFINITE, "layer " + layer.names.front() + ": expected finite " +
                                               attribute + ", found NaN or infinity");
    if (inputs || layer.embedOrHead)
      result.statistics_[layer.names.front()] = std::move(inputs);
  }
  return result;
}

Result<std::shared_ptr<const InputStatistics>>
InlineStatistics::inputsOf(const std::string &layer) {
  auto it = statistics_.find(layer);
  if (it == statistics_.end())
    return Status(StatusCode::MISSING,
                  std::string("what it reads is not known; add the attribute ") + attribute +
                      " to the lobit.linear, or compile with quant-compile --calibration");
  return it->second;
}
