#include "tools/quant-bench/KernelBench.h"
#include "runtime/cpu/Cpu.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/LayoutCodec.h"
#include "runtime/load/CodeImage.h"
#include "runtime/platform/HugePages.h"
#include "tools/quant-bench/BenchCode.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace lobit {
namespace {

/// The loaded code of one ISA.
struct LoadedCode {
  Isa isa = Isa::X86V1;
  BenchCode code;
  CodeImage image;
  const LobitCodeTable *table = nullptr;
};

Result<LoadedCode> load(const std::vector<LinearCase> &cases, Isa isa, uint64_t maxRows) {
  LoadedCode loaded;
  loaded.isa = isa;
  Result<BenchCode> code = generateLinears(cases, isa, maxRows);
  if (!code.ok())
    return std::move(code).status();
  loaded.code = std::move(code).value();
  const std::string &bytes = loaded.code.image;
  Result<CodeImage> image =
      CodeImage::map({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, hostArch(),
                     "lobit-bench", std::nullopt);
  if (!image.ok())
    return std::move(image).status();
  loaded.image = std::move(image).value();
  loaded.table = static_cast<const LobitCodeTable *>(loaded.image.query()(LOBIT_CODE_ABI));
  return loaded;
}

Scheme schemeOf(Layout layout) {
  for (Scheme scheme : {Scheme::Ternary, Scheme::Int6, Scheme::Int4})
    if (layoutHolds(layout, scheme))
      return scheme;
  return layout == Layout::RowMajor ? Scheme::BF16 : Scheme::Int8;
}

/// Multiplications for each weight: of int6 half are not there.
double macsPerWeight(Scheme scheme) { return scheme == Scheme::Int6 ? 0.5 : 1; }

std::vector<int8_t> randomCodes(const LinearCase &c) {
  std::mt19937 random(1);
  std::vector<int8_t> codes(c.out * c.in);
  const SchemeInfo &scheme = *findScheme(c.scheme);
  const unsigned count = unsigned(scheme.largestCode - scheme.smallestCode + 1);
  for (int8_t &code : codes)
    code = int8_t(int(random() % count) + scheme.smallestCode);
  if (c.scheme == Scheme::Int6)
    // Two of the four pairs of eight columns.
    for (uint64_t row = 0; row < c.out; ++row)
      for (uint64_t chunk = 0; chunk < c.in; chunk += 8) {
        const uint64_t first = random() % 4, second = (first + 1 + random() % 3) % 4;
        for (uint64_t i = chunk; i < std::min(chunk + 8, c.in); ++i)
          if ((i - chunk) / 2 != first && (i - chunk) / 2 != second)
            codes[row * c.in + i] = 0;
      }
  return codes;
}

/// Random codes in the layout of `c`, repeated until `memory` is full; returns how many fit.
Result<uint64_t> fillWeights(const LinearCase &c, uint64_t bytes, const platform::Memory &memory) {
  std::mt19937 random(1);
  const uint64_t stride = roundUp(bytes, 64);
  if (c.layout == Layout::RowMajor) {
    for (uint64_t i = 0; i < bytes / 2; ++i) {
      const uint16_t value = uint16_t(0x3c00 | (random() & 0x80ff));
      memcpy(memory.data() + 2 * i, &value, 2);
    }
  } else {
    const std::vector<int8_t> codes = randomCodes(c);
    if (Status status = encodeLayout(c.layout, codes.data(), c.out, c.in, memory.data());
        !status.ok())
      return status;
  }
  const uint64_t copies = std::max<uint64_t>(1, memory.size() / stride);
  for (uint64_t i = 1; i < copies; ++i)
    memcpy(memory.data() + i * stride, memory.data(), bytes);
  return copies;
}

/// Calls one linear layer again and again.
class Caller {
public:
  Caller(ThreadPool &pool, LobitFunction function, uint64_t rows, const platform::Memory &scratch)
      : pool_(pool), function_(function), frames_(pool.threads()) {
    for (unsigned t = 0; t < pool.threads(); ++t) {
      LobitFrame &frame = frames_[t];
      frame = {};
      frame.thread = t;
      frame.threads = pool.threads();
      frame.scratch = scratch.data();
      frame.inputs = inputs_;
      frame.outputs = outputs_;
      frame.rows = rows;
      frame.barrier = [](void *pool) { static_cast<ThreadPool *>(pool)->barrier(); };
      frame.barrierContext = &pool;
      frame.nonfinite = &nonfinite_;
    }
  }

  void call(const float *x, const uint8_t *weights, const float *scales, float *y) {
    inputs_[0] = x;
    inputs_[1] = weights;
    inputs_[2] = scales;
    outputs_[0] = y;
    pool_.run(
        [](void *context, unsigned thread) {
          Caller &caller = *static_cast<Caller *>(context);
          caller.function_(&caller.frames_[thread]);
        },
        this);
  }

private:
  ThreadPool &pool_;
  LobitFunction function_;
  std::vector<LobitFrame> frames_;
  const void *inputs_[3] = {};
  void *outputs_[1] = {};
  uint32_t nonfinite_ = 0;
};

} // namespace

Status benchKernels(const BenchOptions &o, Roofline &roofline, std::vector<BenchRow> &rows) {
  std::vector<LinearCase> cases;
  for (Layout form : o.forms)
    for (auto [out, in] : o.shapes) {
      const LinearCase c{form, schemeOf(form), out, in};
      auto same = [&](const LinearCase &other) {
        return other.layout == form && other.out == c.out && other.in == c.in;
      };
      if (std::none_of(cases.begin(), cases.end(), same))
        cases.push_back(c);
    }
  const uint64_t most = *std::max_element(o.tokens.begin(), o.tokens.end());
  std::vector<LoadedCode> codes;
  for (Isa isa : o.isas) {
    Result<LoadedCode> code = load(cases, isa, std::max<uint64_t>(64, roundUp(most, 16)));
    if (!code.ok())
      return std::move(code).status();
    codes.push_back(std::move(code).value());
  }
  std::vector<std::unique_ptr<ThreadPool>> pools;
  for (unsigned threads : o.threads) {
    Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(threads);
    if (!pool.ok())
      return std::move(pool).status();
    pools.push_back(std::move(pool).value());
  }

  uint64_t weightBytes = o.readMegabytes << 20, scratchBytes = 0, widest = 0;
  for (const LoadedCode &code : codes)
    scratchBytes = std::max(scratchBytes, code.code.scratchBytes);
  for (size_t i = 0; i < cases.size(); ++i) {
    weightBytes = std::max(weightBytes, roundUp(codes[0].code.weightBytes[i], 64));
    widest = std::max({widest, cases[i].in, cases[i].out});
  }
  auto allocate = [](uint64_t bytes) { return platform::Memory::allocate(bytes, "a benchmark"); };
  Result<platform::Memory> weights = allocate(weightBytes), scratch = allocate(scratchBytes),
                           x = allocate(most * widest * 4), y = allocate(most * widest * 4),
                           scales = allocate(widest * 4);
  for (Result<platform::Memory> *memory : {&weights, &scratch, &x, &y, &scales})
    if (!memory->ok())
      return std::move(*memory).status();
  for (Result<platform::Memory> *memory : {&weights, &scratch, &x, &y})
    platform::preferHugePages(**memory);
  std::mt19937 random(2);
  float *input = reinterpret_cast<float *>(x->data());
  for (uint64_t i = 0; i < most * widest; ++i)
    input[i] = float(int(random() % 2001) - 1000) * 1e-3f;
  float *scale = reinterpret_cast<float *>(scales->data());
  std::fill(scale, scale + widest, 0.01f);

  for (size_t i = 0; i < cases.size(); ++i) {
    const LinearCase &c = cases[i];
    const uint64_t bytes = codes[0].code.weightBytes[i], stride = roundUp(bytes, 64);
    Result<uint64_t> copies = fillWeights(c, bytes, *weights);
    if (!copies.ok())
      return std::move(copies).status();
    for (bool cold : {true, false}) {
      if (o.memory == (cold ? "hot" : "cold"))
        continue;
      for (const LoadedCode &code : codes)
        for (const std::unique_ptr<ThreadPool> &pool : pools)
          for (uint64_t tokens : o.tokens) {
            Caller caller(*pool, code.table->functions[1 + i], tokens, *scratch);
            uint64_t next = 0;
            auto calls = [&](uint64_t count) {
              const uint64_t before = platform::nowNanoseconds();
              for (uint64_t n = 0; n < count; ++n) {
                caller.call(input, weights->data() + next * stride, scale,
                            reinterpret_cast<float *>(y->data()));
                next = cold ? (next + 1) % *copies : 0;
              }
              return double(platform::nowNanoseconds() - before) * 1e-9;
            };
            uint64_t count = 1;
            for (double seconds; (seconds = calls(count)) < o.seconds / 2 && count < (1u << 30);)
              count =
                  std::max(2 * count,
                           seconds > 0 ? uint64_t(double(count) * o.seconds / seconds) : 2 * count);
            BenchRow row;
            row.test =
                std::to_string(c.out) + "x" + std::to_string(c.in) + (cold ? " cold" : " hot");
            row.form = findLayout(c.layout)->word;
            row.isa = code.isa;
            row.threads = pool->threads();
            row.tokens = tokens;
            row.macs = double(c.out) * double(c.in) * double(tokens) * macsPerWeight(c.scheme);
            row.bytes = cold ? double(bytes + code.code.scaleCounts[i] * 4) : 0;
            row.macsPerSecond = roofline.macsPerSecond(row.threads, row.isa);
            std::vector<double> rates;
            for (unsigned r = 0; r < o.repetitions; ++r) {
              if (cold)
                rates.push_back(roofline.bytesPerSecondNow(row.threads));
              row.seconds.push_back(calls(count) / double(count));
            }
            row.bytesPerSecond = cold ? median(rates) : 0;
            rows.push_back(std::move(row));
          }
    }
  }
  return {};
}

} // namespace lobit
