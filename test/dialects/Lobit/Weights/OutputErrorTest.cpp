// Input statistics, the measure of output error, and error compensation, against their
// definitions written out.
#include "dialects/Lobit/Weights/OutputError.h"
#include "WeightTesting.h"
#include "dialects/Lobit/Weights/ErrorCompensation.h"
#include "dialects/Lobit/Weights/Int8.h"
#include "dialects/Lobit/Weights/SparsifyObs.h"

#include <gtest/gtest.h>

using namespace lobit;

// Correlated inputs [count, columns]: each column leans on the one before it.
static std::vector<float> correlatedInputs(int64_t count, int64_t columns, uint64_t seed) {
  std::vector<float> x = gaussian(count * columns, seed);
  for (int64_t t = 0; t < count; ++t)
    for (int64_t c = 1; c < columns; ++c)
      x[size_t(t * columns + c)] += 0.7f * x[size_t(t * columns + c - 1)];
  return x;
}

static InputStatistics statisticsOf(const std::vector<float> &x, int64_t columns,
                                    unsigned threads = 1) {
  InputStatistics inputs(columns);
  inputs.add(x.data(), int64_t(x.size()) / columns, threads);
  return inputs;
}

static double squaredNorm(const std::vector<float> &x, int64_t columns, const double *row) {
  double norm = 0;
  for (size_t t = 0; t < x.size(); t += size_t(columns)) {
    double y = 0;
    for (int64_t c = 0; c < columns; ++c)
      y += double(x[t + size_t(c)]) * row[c];
    norm += y * y;
  }
  return norm;
}

TEST(InputStatistics, AreTheProductsOfColumns) {
  for (int64_t columns : {1, 15, 16, 33, 300}) {
    const std::vector<float> x = gaussian(130 * columns, 5);
    const InputStatistics inputs = statisticsOf(x, columns);
    EXPECT_EQ(inputs.samples(), 130);
    for (int64_t i = 0; i < columns; i += 7)
      for (int64_t j = 0; j < columns; j += 5) {
        double sum = 0;
        for (int64_t t = 0; t < 130; ++t)
          sum += double(x[size_t(t * columns + i)]) * double(x[size_t(t * columns + j)]);
        EXPECT_NEAR(inputs.products()[size_t(i * columns + j)], sum, 1e-4) << i << " " << j;
        EXPECT_EQ(inputs.products()[size_t(i * columns + j)],
                  inputs.products()[size_t(j * columns + i)]);
      }
    EXPECT_FLOAT_EQ(inputs.meanSquares()[0], float(inputs.products()[0] / 130));
    EXPECT_TRUE(inputs.isFinite());
    EXPECT_EQ(inputs.products(), statisticsOf(x, columns, 3).products());
  }
  EXPECT_EQ(InputStatistics(2).meanSquares(), std::vector<float>({0, 0}));
  EXPECT_FALSE(statisticsOf({1, std::numeric_limits<float>::infinity()}, 2).isFinite());
}

TEST(OutputError, IsTheNormOfTheDifference) {
  const int64_t rows = 19, columns = 70;
  const std::vector<float> w = gaussian(rows * columns, 1), x = correlatedInputs(40, columns, 2);
  const FloatTensor weight = tensorOf(w, rows, columns);
  Result<CodedWeight> coded = quantizeInt8(weight, ScaleType::F32, 1);
  double outputs = 0, errors = 0;
  for (int64_t r = 0; r < rows; ++r) {
    std::vector<double> row, change;
    for (int64_t c = 0; c < columns; ++c) {
      row.push_back(double(w[size_t(r * columns + c)]));
      change.push_back(row.back() -
                       double(coded->scales[size_t(r)]) * coded->codes[size_t(r * columns + c)]);
    }
    outputs += squaredNorm(x, columns, row.data());
    errors += squaredNorm(x, columns, change.data());
  }
  const InputStatistics inputs = statisticsOf(x, columns);
  const OutputError error = measureOutputError(weight, *coded, rowGrid(rows, columns), inputs, 1);
  EXPECT_NEAR(error.outputs / outputs, 1, 1e-6);
  EXPECT_NEAR(error.errors / errors, 1, 1e-5);
  EXPECT_EQ(error.relative(), error.errors / error.outputs);
  const OutputError again = measureOutputError(weight, *coded, rowGrid(rows, columns), inputs, 3);
  EXPECT_EQ(again.errors, error.errors);
  EXPECT_EQ(OutputError().relative(), 0);
}

TEST(ErrorCompensation, FactorsTheProducts) {
  for (int64_t n : {1, 8, 64, 65, 200}) {
    const InputStatistics inputs = statisticsOf(correlatedInputs(30, n, 3), n);
    const ErrorCompensation factor(inputs, 1), threaded(inputs, 3);
    double trace = 0;
    for (int64_t i = 0; i < n; ++i)
      trace += inputs.products()[size_t(i * n + i)];
    for (int64_t i = 0; i < n; i += 3)
      for (int64_t j = i; j < n; j += 5) {
        double sum = 0; // F D F^T
        for (int64_t k = j; k < n; ++k)
          sum += (k == i ? 1 : factor.feedback(i)[k]) * factor.cost(k) *
                 (k == j ? 1 : factor.feedback(j)[k]);
        const double expected =
            inputs.products()[size_t(i * n + j)] + (i == j ? 0.01 * trace / double(n) : 0);
        EXPECT_NEAR(sum, expected, 1e-9 * trace) << n << " " << i << " " << j;
        EXPECT_GT(factor.cost(j), 0);
        if (j > i)
          EXPECT_EQ(factor.feedback(i)[j], threaded.feedback(i)[j]);
      }
  }
  const ErrorCompensation identity(InputStatistics(3), 1);
  EXPECT_EQ(identity.cost(0), 1);
  EXPECT_EQ(identity.feedback(0)[2], 0);
}

// At most two pairs of each chunk of 8 columns are nonzero.
static void expectPairs(const CodedWeight &coded, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; c += 8) {
      int pairs = 0;
      for (int64_t p = c; p < std::min(c + 8, columns); p += 2)
        pairs += coded.codes[size_t(r * columns + p)] != 0 ||
                 (p + 1 < columns && coded.codes[size_t(r * columns + p + 1)] != 0);
      EXPECT_LE(pairs, 2) << r << " " << c;
    }
}

TEST(SparsifyObs, AnyShapeAnyThreads) {
  for (int64_t columns : {1, 2, 7, 8, 9, 63, 64, 65, 137}) {
    const int64_t rows = 11;
    const FloatTensor weight = tensorOf(gaussian(rows * columns, 8), rows, columns);
    const InputStatistics inputs = statisticsOf(correlatedInputs(50, columns, 9), columns);
    const CodedWeight coded = sparsifyObs(weight, inputs, 1);
    expectPairs(coded, rows, columns);
    for (int8_t code : coded.codes)
      EXPECT_TRUE(code >= -32 && code <= 31);
    const CodedWeight threaded = sparsifyObs(weight, inputs, 3);
    EXPECT_EQ(coded.codes, threaded.codes);
    EXPECT_EQ(coded.scales, threaded.scales);
  }
}

// Two columns that carry the same input: the one that goes is made up for by the other.
TEST(SparsifyObs, LaterColumnsTakeOver) {
  std::vector<float> x;
  for (float value : gaussian(64, 4))
    for (float scale : {1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0.0f})
      x.push_back(value * scale);
  // Column 0 and column 8 see the same x. The chunk 0..7 keeps pairs 1 and 2, which have
  // larger weights but inputs of 0, only when nothing can be made up for.
  const std::vector<float> w = {1, 0, 9, 9, 9, 9, 0, 0, 2, 0};
  const InputStatistics inputs = statisticsOf(x, 10);
  const CodedWeight coded = sparsifyObs(tensorOf(w, 1, 10), inputs, 1);
  const double total = double(coded.scales[0]) * (coded.codes[0] + coded.codes[8]);
  EXPECT_NEAR(total, 3, 0.05); // x (1 + 2)
}

TEST(SparsifyObs, ZeroRowsAndDeadInputs) {
  const InputStatistics none(16); // no sample: plain pruning by magnitude
  std::vector<float> w(32, 0.0f);
  for (int64_t c = 0; c < 16; ++c)
    w[size_t(16 + c)] = float(c % 8 + 1);
  const CodedWeight coded = sparsifyObs(tensorOf(w, 2, 16), none, 1);
  EXPECT_EQ(coded.scales[0], 0);
  for (int64_t c = 0; c < 16; ++c) {
    EXPECT_EQ(coded.codes[size_t(c)], 0);
    EXPECT_EQ(coded.codes[size_t(16 + c)] != 0, c % 8 >= 4) << c;
  }
}

// Against pruning the same tensor by magnitude without compensation (no samples: H = I).
TEST(SparsifyObs, LowersTheOutputErrorOfCorrelatedInputs) {
  const int64_t rows = 40, columns = 128;
  const FloatTensor weight = tensorOf(gaussian(rows * columns, 21), rows, columns);
  const InputStatistics inputs = statisticsOf(correlatedInputs(400, columns, 22), columns);
  const InputStatistics none(columns);
  const ScaleGrid grid = rowGrid(rows, columns);
  const double compensated =
      measureOutputError(weight, sparsifyObs(weight, inputs, 1), grid, inputs, 1).relative();
  const double plain =
      measureOutputError(weight, sparsifyObs(weight, none, 1), grid, inputs, 1).relative();
  EXPECT_LT(compensated, 0.5 * plain);
}
