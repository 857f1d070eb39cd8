/// \file
/// The first stage: from a model file to a module.
#ifndef LOBIT_PASSES_IMPORT_IMPORT_H
#define LOBIT_PASSES_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "passes/Import/CheckpointSource.h"

namespace lobit {

/// The context of a model whose config allows more and that was imported without
/// maxContext.
inline constexpr int64_t defaultMaxContext = 4096;

enum class CacheElement { F32, F16, Int8 };
/// "f32", "f16" or "int8".
std::optional<CacheElement> parseCacheElement(std::string_view word);

struct ImportOptions {
  /// Positions of the KV cache; 0: what the config allows, at most defaultMaxContext.
  int64_t maxContext = 0;
  /// Element type of the KV cache.
  CacheElement cache = CacheElement::F32;
  /// Overrides the direction that the config says.
  std::optional<ScaleDirection> weightScale;
  NonFinite nonFinite = NonFinite::Refuse;
  /// Threads for reading tensors.
  unsigned threads = 1;
};

struct ImportedModel {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// Where named weights come from; null when all are inline.
  std::shared_ptr<TensorSource> source;
  /// The same for a checkpoint directory, with the tensors under their own names.
  std::shared_ptr<CheckpointSource> checkpoint;
  /// The tokenizer section of the artifact; empty when the model has no tokenizer.
  std::vector<uint8_t> tokenizer;
  /// The projections are packed ternary codes.
  bool isPacked = false;
  /// Floats of a model trained with ternary weights: quantize them by absmean.
  bool isQat = false;
  /// Parts of the names of layers that stayed floats in such a model.
  std::vector<std::string> notConverted;
  /// What the user should know, one sentence each.
  std::vector<std::string> notes;
};

/// A directory with config.json, model.safetensors (or an index and shards) and
/// tokenizer.json. Loads the dialects it needs.
Result<ImportedModel> importCheckpoint(mlir::MLIRContext &context, const std::string &directory,
                                       const ImportOptions &options);

/// A module as text or bytecode: linalg (its dense layers become lobit.linear), or a
/// module of the lm and lobit dialects with inline weights. The context must have the
/// dialects registered.
Result<ImportedModel> importMlir(mlir::MLIRContext &context, const std::string &path);

/// One of the two, by what `path` is.
Result<ImportedModel> importModel(mlir::MLIRContext &context, const std::string &path,
                                  const ImportOptions &options);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_IMPORT_H
