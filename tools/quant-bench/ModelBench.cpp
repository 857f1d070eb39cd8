#include "tools/quant-bench/ModelBench.h"
#include "lobit/runtime.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <random>

namespace lobit {
namespace {

Status statusOf(const rt::Error &error) {
  return Status(StatusCode(error.status()), error.message());
}

/// What a pass over all operations reads and multiplies. The last operation that multiplies
/// is the head, which a prompt needs for its last token alone.
struct Work {
  double bytes = 0, macs = 0, headBytes = 0, headMacs = 0;
};

Work workOf(const rt::Session &session) {
  Work work;
  for (uint32_t i = 0; i < lobit_session_operation_count(session.get()); ++i) {
    auto info = rt::make<lobit_operation_info>();
    lobit_session_get_operation(session.get(), i, &info);
    work.bytes += double(info.weight_bytes);
    work.macs += double(info.flops) / 2;
    if (info.flops != 0) {
      work.headBytes = double(info.weight_bytes);
      work.headMacs = double(info.flops) / 2;
    }
  }
  return work;
}

/// Pages of this process in memory.
uint64_t residentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * platform::pageBytes();
}

double since(uint64_t before) { return double(platform::nowNanoseconds() - before) * 1e-9; }

} // namespace

std::string textReport(const ModelFacts &facts) {
  const double mib = double(1 << 20);
  char text[512];
  snprintf(
      text, sizeof(text),
      "ready       %.1f ms: open %.1f, code %.1f, session %.1f; first token, with the check of all "
      "weights, %.1f ms\n"
      "resident    %.0f MiB = artifact %.0f + KV cache %.0f + %.0f\n\n",
      (facts.openSeconds + facts.codeSeconds + facts.sessionSeconds) * 1e3, facts.openSeconds * 1e3,
      facts.codeSeconds * 1e3, facts.sessionSeconds * 1e3, facts.firstTokenSeconds * 1e3,
      double(facts.residentBytes) / mib, double(facts.fileBytes) / mib,
      double(facts.cacheBytes) / mib,
      (double(facts.residentBytes) - double(facts.fileBytes) - double(facts.cacheBytes)) / mib);
  return text;
}

nlohmann::json jsonReport(const ModelFacts &facts) {
  return {
      {"open_seconds", facts.openSeconds},       {"code_seconds", facts.codeSeconds},
      {"session_seconds", facts.sessionSeconds}, {"first_token_seconds", facts.firstTokenSeconds},
      {"file_bytes", facts.fileBytes},           {"cache_bytes", facts.cacheBytes},
      {"resident_bytes", facts.residentBytes}};
}

Status chooseModelIsa(BenchOptions &o) {
  if (!o.isaWords.empty())
    return {};
  rt::Error error;
  auto load = rt::make<lobit_load_options>();
  load.verify = LOBIT_VERIFY_CODE;
  rt::Model model = rt::Model::open(o.model, error, &load);
  if (!model)
    return statusOf(error);
  rt::Code code = rt::Code::bind(model, error);
  if (!code)
    return statusOf(error);
  o.isas = {findIsa(std::string_view(code.isa()))->isa};
  return {};
}

Status benchModel(const BenchOptions &o, Roofline &roofline, std::vector<BenchRow> &rows,
                  ModelFacts &facts) {
  rt::Error error;
  const uint64_t residentBefore = residentBytes(), opening = platform::nowNanoseconds();
  auto load = rt::make<lobit_load_options>();
  load.mode = o.copy ? LOBIT_LOAD_COPY : LOBIT_LOAD_MAP;
  rt::Model model = rt::Model::open(o.model, error, &load);
  facts.openSeconds = since(opening);
  if (!model)
    return statusOf(error);
  const lobit_model_info info = model.info();
  facts.fileBytes = info.file_bytes;
  facts.cacheBytes = info.state_bytes;
  if (info.kind != LOBIT_KIND_LANGUAGE_MODEL)
    return Status(StatusCode::INVALID_ARGUMENT,
                  o.model + " is a function; expected a language model");
  uint64_t most = 0;
  for (const std::vector<uint64_t> *counts : {&o.prompts, &o.generated})
    for (uint64_t count : *counts)
      most = std::max(most, count);
  const uint64_t deepest = *std::max_element(o.depths.begin(), o.depths.end());
  if (most + deepest > info.max_context)
    return Status(StatusCode::CONTEXT_FULL,
                  "-p, -n and -d ask for " + std::to_string(most + deepest) +
                      " positions, the context has " + std::to_string(info.max_context) +
                      " (quant-compile --max-context sets it)");
  std::mt19937 random(3);
  std::vector<uint32_t> tokens(most + deepest);
  for (uint32_t &token : tokens)
    token = uint32_t(random() % info.vocab);
  const double cacheBytes = double(info.state_bytes) / double(info.max_context);

  for (Isa isa : o.isas)
    for (unsigned threads : o.threads) {
      auto options = rt::make<lobit_code_options>();
      options.isa = findIsa(isa)->word;
      const uint64_t binding = platform::nowNanoseconds();
      rt::Code code = rt::Code::bind(model, error, &options);
      if (!code)
        return statusOf(error);
      const uint64_t creating = platform::nowNanoseconds();
      rt::Session session = rt::Session::create(code, threads, error);
      facts.codeSeconds = double(creating - binding) * 1e-9;
      facts.sessionSeconds = since(creating);
      if (!session)
        return statusOf(error);
      const Work work = workOf(session);
      auto eval = [&](uint64_t begin, uint64_t count) {
        return session.eval({tokens.begin() + long(begin), tokens.begin() + long(begin + count)},
                            error);
      };
      if (facts.firstTokenSeconds == 0 && !tokens.empty()) {
        const uint64_t before = platform::nowNanoseconds();
        if (!eval(0, 1))
          return statusOf(error);
        facts.firstTokenSeconds = since(before);
      }
      auto test = [&](bool prompt, uint64_t count, uint64_t depth) -> Status {
        if (count == 0)
          return {};
        BenchRow row;
        row.test = (prompt ? "pp" : "tg") + std::to_string(count) +
                   (depth ? " @ d" + std::to_string(depth) : "");
        row.isa = isa;
        row.threads = threads;
        row.tokens = count;
        row.macsPerSecond = roofline.macsPerSecond(threads, isa);
        const double n = double(count);
        const double calls = double((count + info.rows_per_call - 1) / info.rows_per_call);
        if (prompt) {
          // Each call reads every weight once; the cache is read by every call, at least once.
          row.bytes = (work.bytes - work.headBytes) * calls + work.headBytes +
                      cacheBytes * calls * (double(depth) + n / 2);
          row.macs = (work.macs - work.headMacs) * n + work.headMacs;
        } else {
          row.bytes = n * (work.bytes + cacheBytes * (double(depth) + (n + 1) / 2));
          row.macs = n * work.macs;
        }
        std::vector<double> rates;
        for (unsigned r = 0; r <= o.repetitions; ++r) {
          if (session.position() >= depth ? !session.rewind(depth, error)
                                          : !eval(session.position(), depth - session.position()))
            return statusOf(error);
          if (r != 0)
            rates.push_back(roofline.bytesPerSecondNow(threads));
          const uint64_t before = platform::nowNanoseconds();
          bool good = true;
          if (prompt)
            good = eval(depth, count);
          else
            for (uint64_t i = 0; i < count && good; ++i)
              good = eval(depth + i, 1);
          if (!good)
            return statusOf(error);
          // The first one brings the weights into memory.
          if (r != 0)
            row.seconds.push_back(since(before));
        }
        row.bytesPerSecond = median(rates);
        rows.push_back(std::move(row));
        return {};
      };
      for (uint64_t depth : o.depths) {
        for (uint64_t count : o.prompts)
          if (Status status = test(true, count, depth); !status.ok())
            return status;
        for (uint64_t count : o.generated)
          if (Status status = test(false, count, depth); !status.ok())
            return status;
      }
      facts.residentBytes = std::max(facts.residentBytes,
                                     residentBytes() - std::min(residentBytes(), residentBefore));
    }
  return {};
}

} // namespace lobit
