// The interpreter against the logits that the training framework computed in f32, and
// against itself: results do not depend on how a prompt is split.
#include "dialects/Interpreter/Interpreter.h"
#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Import/Import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace lobit;

namespace {

constexpr int64_t vocabulary = 1024;

/// The values of a .npy file of version 1; the callers know shape and type.
template <typename T> std::vector<T> readNpy(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  EXPECT_EQ(bytes.substr(1, 5), "NUMPY") << path;
  size_t headerSize = 10 + uint8_t(bytes[8]) + 256 * uint8_t(bytes[9]);
  std::vector<T> values((bytes.size() - headerSize) / sizeof(T));
  std::memcpy(values.data(), bytes.data() + headerSize, values.size() * sizeof(T));
  return values;
}

/// Positions of one row of `tokens.npy`: the second number of its shape.
int64_t rowLength(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  std::string header(128, ' ');
  stream.read(header.data(), header.size());
  size_t shape = header.find("'shape': (");
  return std::stoll(header.substr(header.find(',', shape) + 1));
}

class ShippedModel : public testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    folder = std::string(LOBIT_SOURCE_DIR) + "/models/" + GetParam();
    Result<ImportedModel> imported = importCheckpoint(context, folder, {});
    ASSERT_TRUE(imported.ok()) << imported.status().message();
    model = std::move(*imported);
    interpreter = std::make_unique<Interpreter>(*model.module, model.source.get());
  }

  /// Logits of tokens that start at `position`.
  std::vector<float> run(const std::vector<int64_t> &tokens, int64_t position,
                         InterpreterSession &session) {
    Result<std::vector<TensorValue>> results =
        interpreter->call("forward",
                          {TensorValue::ofIntegers({int64_t(tokens.size())}, tokens),
                           TensorValue::ofIndex(position), TensorValue::ofIndex(0)},
                          session);
    EXPECT_TRUE(results.ok()) << results.status().message();
    return results.ok() ? (*results)[0].floats : std::vector<float>();
  }

  mlir::MLIRContext context;
  std::string folder;
  ImportedModel model;
  std::unique_ptr<Interpreter> interpreter;
};

/// |a - b| / |b| in the 2-norm.
double relativeError(const float *a, const float *b, int64_t n) {
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < n; ++i) {
    difference += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    norm += double(b[i]) * b[i];
  }
  return std::sqrt(difference / norm);
}

TEST_P(ShippedModel, AgreesWithTheTrainingFramework) {
  std::vector<int32_t> tokens = readNpy<int32_t>(folder + "/reference/tokens.npy");
  std::vector<float> expected = readNpy<float>(folder + "/reference/logits.npy");
  ASSERT_EQ(tokens.size() * vocabulary, expected.size());
  int64_t length = rowLength(folder + "/reference/tokens.npy");
  std::vector<double> errors;
  int64_t agreements = 0;
  for (size_t first = 0; first < tokens.size(); first += length) {
    InterpreterSession session;
    std::vector<float> found =
        run({tokens.begin() + first, tokens.begin() + first + length}, 0, session);
    ASSERT_EQ(found.size(), size_t(length * vocabulary));
    for (int64_t t = 0; t < length; ++t) {
      const float *ours = &found[t * vocabulary], *theirs = &expected[(first + t) * vocabulary];
      errors.push_back(relativeError(ours, theirs, vocabulary));
      agreements += std::max_element(ours, ours + vocabulary) - ours ==
                    std::max_element(theirs, theirs + vocabulary) - theirs;
    }
  }
  std::sort(errors.begin(), errors.end());
  RecordProperty("median_error", std::to_string(errors[errors.size() / 2]));
  EXPECT_LE(errors[errors.size() / 2], 2e-3);
  EXPECT_LE(errors.back(), 1e-2);
  EXPECT_GE(double(agreements), 0.99 * double(errors.size()));
}

TEST_P(ShippedModel, SplittingThePromptChangesNoBit) {
  std::vector<int32_t> all = readNpy<int32_t>(folder + "/reference/tokens.npy");
  std::vector<int64_t> tokens(all.begin(), all.begin() + 9);
  InterpreterSession whole;
  std::vector<float> expected = run(tokens, 0, whole);
  for (const std::vector<int64_t> &split :
       {std::vector<int64_t>{1, 8}, {8, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {4, 5}}) {
    InterpreterSession session;
    std::vector<float> found;
    int64_t position = 0;
    for (int64_t size : split) {
      std::vector<float> part =
          run({tokens.begin() + position, tokens.begin() + position + size}, position, session);
      found.insert(found.end(), part.begin(), part.end());
      position += size;
    }
    ASSERT_EQ(found.size(), expected.size());
    EXPECT_EQ(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ShippedModel, testing::Values("kjv-bitnet", "kjv-dense"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           return info.param == std::string("kjv-dense") ? "Dense" : "BitNet";
                         });

} // namespace
