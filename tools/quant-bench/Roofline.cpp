#include "tools/quant-bench/Roofline.h"
#include "runtime/cpu/Cpu.h"
#include "runtime/load/CodeImage.h"
#include "tools/quant-bench/BenchCode.h"

#include <algorithm>
#include <cstring>

namespace lobit {
namespace {

/// Multiplications a second of all threads of `pool` together.
double measurePeak(ThreadPool &pool, const LobitCodeTable &table, uint64_t macsPerRow,
                   unsigned repetitions) {
  struct alignas(64) Buffers {
    uint8_t lhs[4096], rhs[4096], out[64];
  };
  struct Job {
    LobitFunction function;
    std::vector<Buffers> buffers;
    uint64_t rows;
  };
  Job job{table.functions[0], std::vector<Buffers>(pool.threads()), 1000};
  for (Buffers &buffers : job.buffers)
    memset(&buffers, 1, sizeof(buffers));
  auto once = [&] {
    const uint64_t before = platform::nowNanoseconds();
    pool.run(
        [](void *context, unsigned thread) {
          Job &job = *static_cast<Job *>(context);
          Buffers &buffers = job.buffers[thread];
          const void *inputs[] = {buffers.lhs, buffers.rhs};
          void *outputs[] = {buffers.out};
          LobitFrame frame = {};
          frame.threads = 1;
          frame.inputs = inputs;
          frame.outputs = outputs;
          frame.rows = job.rows;
          job.function(&frame);
        },
        &job);
    return platform::nowNanoseconds() - before;
  };
  // Long enough that starting the threads does not count, and the clock of the CPU settles.
  while (once() < 20000000 && job.rows < (1ull << 40))
    job.rows *= 2;
  std::vector<double> rates;
  for (unsigned i = 0; i < repetitions; ++i)
    rates.push_back(double(job.rows) * double(macsPerRow) * pool.threads() / double(once()) * 1e9);
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() / 2];
}

/// Seconds of run() with a body of `barriers` barriers: the median of many.
double measureRun(ThreadPool &pool, unsigned barriers) {
  struct Job {
    ThreadPool *pool;
    unsigned barriers;
  } job = {&pool, barriers};
  std::vector<double> seconds;
  for (unsigned i = 0; i < (barriers == 0 ? 1000u : 50u); ++i) {
    const uint64_t before = platform::nowNanoseconds();
    pool.run(
        [](void *context, unsigned) {
          const Job &job = *static_cast<Job *>(context);
          for (unsigned n = 0; n < job.barriers; ++n)
            job.pool->barrier();
        },
        &job);
    seconds.push_back(double(platform::nowNanoseconds() - before) * 1e-9);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

} // namespace

ThreadPool &Roofline::pool(unsigned threads) {
  for (std::unique_ptr<ThreadPool> &pool : pools_)
    if (pool->threads() == threads)
      return *pool;
  return *pools_.front();
}

Result<Roofline> Roofline::measure(const std::vector<unsigned> &threads,
                                   const std::vector<Isa> &isas, uint64_t readBytes,
                                   unsigned repetitions) {
  Roofline roofline;
  Result<ReadBandwidth> bandwidth = ReadBandwidth::create(readBytes);
  if (!bandwidth.ok())
    return std::move(bandwidth).status();
  roofline.bandwidth_ = std::move(bandwidth).value();
  for (unsigned count : threads) {
    Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::create(count);
    if (!pool.ok())
      return std::move(pool).status();
    roofline.pools_.push_back(std::move(pool).value());
  }
  for (Isa isa : isas) {
    Result<PeakCode> code = generatePeak(isa);
    if (!code.ok())
      return std::move(code).status();
    Result<CodeImage> image =
        CodeImage::map({reinterpret_cast<const uint8_t *>(code->image.data()), code->image.size()},
                       hostArch(), "lobit-bench", std::nullopt);
    if (!image.ok())
      return std::move(image).status();
    auto *table = static_cast<const LobitCodeTable *>(image->query()(LOBIT_CODE_ABI));
    for (unsigned count : threads) {
      ThreadPool &pool = roofline.pool(count);
      roofline.limits_.push_back({count, isa, roofline.bandwidth_.median(pool, repetitions),
                                  measurePeak(pool, *table, code->macsPerRow, repetitions),
                                  measureRun(pool, 0),
                                  (measureRun(pool, 100) - measureRun(pool, 0)) / 100});
    }
  }
  return roofline;
}

double Roofline::macsPerSecond(unsigned threads, Isa isa) const {
  for (const Limit &limit : limits_)
    if (limit.threads == threads && limit.isa == isa)
      return limit.macsPerSecond;
  return 0;
}

double Roofline::bytesPerSecondNow(unsigned threads) { return bandwidth_.measure(pool(threads)); }

} // namespace lobit
