/// The C API, through the C++ header where that is shorter.
#include "lobit/runtime.hpp"
#include "runtime/cpu/Cpu.h"
#include "runtime/format/Status.h"
#include "runtime/run/Session.h"
#include "test/runtime/support/FakeArtifact.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <new>
#include <thread>

using namespace lobit::test;
namespace rt = lobit::rt;

// The statuses of the header are those of the table.
#define LOBIT_STATUS(NAME, value, exitCode, text)                                                  \
  static_assert(LOBIT_STATUS_##NAME == value, "runtime.h and StatusCodes.inc disagree");
#include "runtime/format/StatusCodes.inc"

// Counts allocations, to show that none happens while tokens are made.
static std::atomic<uint64_t> allocations{0};
void *operator new(size_t size) {
  ++allocations;
  void *memory = malloc(size);
  if (!memory)
    abort();
  return memory;
}
void *operator new(size_t size, const std::nothrow_t &) noexcept {
  ++allocations;
  return malloc(size);
}
void operator delete(void *memory) noexcept { free(memory); }
void operator delete(void *memory, size_t) noexcept { free(memory); }

namespace {

class Api : public testing::Test {
protected:
  void SetUp() override { open(fakeModelContent(), 2); }

  void open(const lobit::ArtifactContent &content, uint32_t threads) {
    bytes = fakeArtifact(content);
    auto load = rt::make<lobit_load_options>();
    load.mode = LOBIT_LOAD_COPY;
    model = rt::Model::open(bytes.data(), bytes.size(), error, &load);
    ASSERT_TRUE(model) << error.message();
    code = rt::Code::bind(model, error);
    ASSERT_TRUE(code) << error.message();
    session = rt::Session::create(code, threads, error);
    ASSERT_TRUE(session) << error.message();
  }

  std::vector<float> lastLogits() {
    const float *logits = session.logits();
    return logits ? std::vector<float>(logits, logits + kFakeVocab) : std::vector<float>();
  }

  Bytes bytes;
  rt::Error error;
  rt::Model model;
  rt::Code code;
  rt::Session session;
};

std::vector<uint32_t> someTokens(size_t count) {
  std::vector<uint32_t> tokens;
  for (size_t i = 0; i < count; ++i)
    tokens.push_back(uint32_t(20 + i * 37 % 200));
  return tokens;
}

TEST_F(Api, Info) {
  lobit_model_info info = model.info();
  EXPECT_EQ(info.kind, LOBIT_KIND_LANGUAGE_MODEL);
  EXPECT_EQ(info.vocab, kFakeVocab);
  EXPECT_EQ(info.max_context, kFakeContext);
  EXPECT_EQ(info.bos, kFakeBos);
  EXPECT_EQ(info.has_tokenizer, 1);
  EXPECT_EQ(info.variant_count, 3u);
  EXPECT_EQ(info.file_bytes, bytes.size());
  EXPECT_EQ(info.verified, LOBIT_VERIFY_CODE);
  ASSERT_TRUE(session.eval({1}, error)) << error.message();
  EXPECT_EQ(model.info().verified, LOBIT_VERIFY_FULL);
  EXPECT_STREQ(info.family, "bitnet");
  auto variant = rt::make<lobit_variant_info>();
  ASSERT_EQ(lobit_model_get_variant(model.get(), 0, &variant), LOBIT_STATUS_OK);
  EXPECT_EQ(variant.isa, fakeWord(kFakeBaseline));
  EXPECT_EQ(variant.runnable, 1);
  EXPECT_EQ(lobit_model_get_variant(model.get(), 3, &variant), LOBIT_STATUS_INVALID_ARGUMENT);
  auto value = rt::make<lobit_value_info>();
  ASSERT_EQ(lobit_model_get_output(model.get(), 0, &value), LOBIT_STATUS_OK);
  EXPECT_STREQ(value.name, "logits");
  EXPECT_EQ(value.rank, 2u);
  EXPECT_EQ(value.dims[0], LOBIT_DYNAMIC_DIM);
  EXPECT_STREQ(lobit_status_text(LOBIT_STATUS_MALFORMED), "malformed input");
  EXPECT_EQ(lobit_status_exit_code(LOBIT_STATUS_IO), 4);
  EXPECT_STREQ(lobit_version(), "0.1.0");
}

TEST_F(Api, DamagedWeightsGiveNoResult) {
  bytes[offsetOf(bytes, indexOf(bytes, lobit::SectionType::Weights))] ^= 1;
  auto load = rt::make<lobit_load_options>();
  load.mode = LOBIT_LOAD_COPY;
  model = rt::Model::open(bytes.data(), bytes.size(), error, &load);
  ASSERT_TRUE(model) << error.message();
  code = rt::Code::bind(model, error);
  for (uint32_t threads : {1u, 3u}) {
    session = rt::Session::create(code, threads, error);
    for (int again = 0; again < 2; ++again) {
      std::vector<float> logits(2 * kFakeVocab, 7.0f);
      EXPECT_FALSE(session.eval({1, 2}, error, logits.data()));
      EXPECT_EQ(error.status(), LOBIT_STATUS_DIGEST_MISMATCH);
      EXPECT_EQ(logits, std::vector<float>(2 * kFakeVocab, 7.0f));
      EXPECT_FALSE(session.logits());
      EXPECT_EQ(lobit_session_position(session.get()), 0u);
    }
  }
  EXPECT_EQ(lobit_self_test(model.get(), nullptr, 2, nullptr, nullptr, error.get()),
            LOBIT_STATUS_DIGEST_MISMATCH);
  load.verify = LOBIT_VERIFY_FULL;
  EXPECT_FALSE(rt::Model::open(bytes.data(), bytes.size(), error, &load));
  EXPECT_EQ(error.status(), LOBIT_STATUS_DIGEST_MISMATCH);
  // Whoever says that the weights need no check gets none.
  load.verify = LOBIT_VERIFY_CODE;
  model = rt::Model::open(bytes.data(), bytes.size(), error, &load);
  code = rt::Code::bind(model, error);
  session = rt::Session::create(code, 1, error);
  EXPECT_TRUE(session.eval({1}, error)) << error.message();
}

TEST_F(Api, SessionsShareTheCheckOfTheWeights) {
  rt::Session other = rt::Session::create(code, 2, error);
  ASSERT_TRUE(other);
  std::thread second([&] {
    rt::Error e;
    EXPECT_TRUE(other.eval({1, 2}, e)) << e.message();
  });
  EXPECT_TRUE(session.eval({1, 2}, error)) << error.message();
  second.join();
  EXPECT_EQ(model.info().verified, LOBIT_VERIFY_FULL);
}

TEST_F(Api, AnOlderCallersStructIsFilledNoFurtherThanItsSize) {
  lobit_model_info info;
  memset(&info, 0xAB, sizeof(info));
  info.struct_size = offsetof(lobit_model_info, vocab);
  ASSERT_EQ(lobit_model_get_info(model.get(), &info), LOBIT_STATUS_OK);
  EXPECT_EQ(info.bos, kFakeBos);
  EXPECT_EQ(info.vocab, 0xABABABABABABABABull);
}

TEST_F(Api, LogitsDoNotDependOnSplitOrThreads) {
  const std::vector<uint32_t> tokens = someTokens(30);
  const std::vector<float> expected = fakeAllLogits(tokens);
  for (uint32_t threads : {1u, 2u, 3u}) {
    session = rt::Session::create(code, threads, error);
    ASSERT_TRUE(session);
    for (size_t split : {size_t(1), size_t(5), size_t(8), size_t(17), tokens.size()}) {
      ASSERT_TRUE(session.rewind(0, error));
      std::vector<float> all(tokens.size() * kFakeVocab);
      for (size_t begin = 0; begin < tokens.size(); begin += split) {
        size_t end = std::min(begin + split, tokens.size());
        ASSERT_TRUE(session.eval({tokens.begin() + long(begin), tokens.begin() + long(end)}, error,
                                 all.data() + begin * kFakeVocab))
            << error.message();
      }
      EXPECT_EQ(all, expected) << threads << " " << split;
      EXPECT_EQ(lastLogits(), fakeLogits(tokens));
      ASSERT_TRUE(session.rewind(0, error));
      ASSERT_TRUE(session.eval(tokens, error));
      EXPECT_EQ(lastLogits(), fakeLogits(tokens));
    }
  }
}

TEST_F(Api, ObserverSeesEveryPosition) {
  struct Seen {
    std::vector<uint64_t> positions;
    std::vector<float> logits;
  } seen;
  const auto observe = [](void *user, uint64_t position, const float *logits) {
    Seen &seen = *static_cast<Seen *>(user);
    seen.positions.push_back(position);
    seen.logits.insert(seen.logits.end(), logits, logits + kFakeVocab);
  };
  ASSERT_EQ(lobit_session_set_observer(session.get(), observe, &seen, nullptr), 0);
  std::vector<uint32_t> tokens;
  for (uint32_t i = 0; i < 20; ++i)
    tokens.push_back(10 + i); // three calls of at most 8 rows
  const std::vector<float> want = fakeAllLogits(tokens);
  ASSERT_TRUE(session.eval({tokens.begin(), tokens.begin() + 19}, error));
  EXPECT_EQ(lastLogits(), std::vector<float>(want.end() - 2 * kFakeVocab, want.end() - kFakeVocab));
  ASSERT_TRUE(session.eval({tokens[19]}, error));
  EXPECT_EQ(seen.logits, want);
  for (uint64_t i = 0; i < 20; ++i)
    EXPECT_EQ(seen.positions[i], i);
  // The caller's own buffer holds the same.
  ASSERT_TRUE(session.rewind(0, error));
  std::vector<float> all(want.size());
  ASSERT_TRUE(session.eval(tokens, error, all.data()));
  EXPECT_EQ(all, want);
  EXPECT_EQ(seen.positions.size(), 40u);
  ASSERT_EQ(lobit_session_set_observer(session.get(), nullptr, nullptr, nullptr), 0);
  ASSERT_TRUE(session.eval({1}, error));
  EXPECT_EQ(seen.positions.size(), 40u);
}

TEST_F(Api, HiddenObserverSeesEveryPosition) {
  struct Seen {
    std::vector<uint64_t> positions;
    std::vector<float> hidden;
  } seen;
  const auto observe = [](void *user, uint64_t position, const float *hidden) {
    Seen &seen = *static_cast<Seen *>(user);
    seen.positions.push_back(position);
    seen.hidden.insert(seen.hidden.end(), hidden, hidden + kFakeHidden);
  };
  EXPECT_EQ(session.hidden(), nullptr);
  const uint64_t bytes = session.statistics().session_bytes;
  ASSERT_EQ(lobit_session_set_hidden_observer(session.get(), observe, &seen, nullptr), 0);
  EXPECT_EQ(session.statistics().session_bytes, bytes);
  const std::vector<uint32_t> tokens = someTokens(20); // three calls of at most 8 rows
  std::vector<float> want;
  for (size_t i = 1; i <= tokens.size(); ++i)
    for (float x : fakeHidden({tokens.begin(), tokens.begin() + long(i)}))
      want.push_back(x);
  ASSERT_TRUE(session.eval({tokens.begin(), tokens.begin() + 19}, error));
  ASSERT_TRUE(session.eval({tokens[19]}, error));
  EXPECT_EQ(seen.hidden, want);
  for (uint64_t i = 0; i < 20; ++i)
    EXPECT_EQ(seen.positions[i], i);
  EXPECT_EQ(std::vector<float>(session.hidden(), session.hidden() + kFakeHidden),
            fakeHidden(tokens));
  ASSERT_EQ(lobit_session_set_hidden_observer(session.get(), nullptr, nullptr, nullptr), 0);
  ASSERT_TRUE(session.eval({1}, error));
  EXPECT_EQ(seen.positions.size(), 20u);
  ASSERT_TRUE(session.rewind(3, error));
  EXPECT_EQ(session.hidden(), nullptr);

  lobit::ArtifactContent old = fakeModelContent();
  for (lobit::ArtifactContent::Code &code : old.code)
    code.hiddenOffset.reset();
  open(old, 1);
  ASSERT_TRUE(session.eval({1}, error));
  EXPECT_EQ(session.hidden(), nullptr);
  auto why = rt::make<lobit_error>();
  EXPECT_EQ(lobit_session_set_hidden_observer(session.get(), observe, &seen, &why),
            LOBIT_STATUS_UNSUPPORTED);
  EXPECT_NE(std::string(why.message).find("does not tell where its hidden state is"),
            std::string::npos);
}

TEST_F(Api, CalibrationIsHandedOut) {
  const void *bytes = nullptr;
  size_t size = 0;
  EXPECT_EQ(lobit_model_get_calibration(model.get(), &bytes, &size), LOBIT_STATUS_MISSING);
  lobit::ArtifactContent content = fakeModelContent();
  content.calibration = {1, 2, 3};
  open(content, 1);
  ASSERT_EQ(lobit_model_get_calibration(model.get(), &bytes, &size), LOBIT_STATUS_OK);
  EXPECT_EQ(Bytes(static_cast<const uint8_t *>(bytes), static_cast<const uint8_t *>(bytes) + size),
            content.calibration);
  auto info = rt::make<lobit_model_info>();
  ASSERT_EQ(lobit_session_get_model_info(session.get(), &info), LOBIT_STATUS_OK);
  EXPECT_EQ(info.vocab, kFakeVocab);
}

TEST_F(Api, RewindForgetsTokens) {
  std::vector<uint32_t> tokens = someTokens(12);
  ASSERT_TRUE(session.eval(tokens, error));
  EXPECT_EQ(session.position(), 12u);
  ASSERT_TRUE(session.rewind(5, error));
  EXPECT_EQ(session.logits(), nullptr);
  ASSERT_TRUE(session.eval({99}, error));
  tokens.resize(5);
  tokens.push_back(99);
  EXPECT_EQ(lastLogits(), fakeLogits(tokens));
  EXPECT_FALSE(session.rewind(7, error));
  EXPECT_STREQ(error.message(), "cannot rewind to position 7, the session is at 6");
}

TEST_F(Api, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(session.eval(someTokens(65), error));
  EXPECT_EQ(error.status(), LOBIT_STATUS_CONTEXT_FULL);
  EXPECT_STREQ(error.message(), "65 tokens do not fit after position 0: the context has 64 "
                                "(quant-compile --max-context sets it)");
  EXPECT_EQ(error.exitCode(), 2);
  EXPECT_EQ(session.position(), 0u);
  EXPECT_FALSE(session.eval({5, 300}, error));
  EXPECT_STREQ(error.message(), "token 1 is 300, the vocabulary has 300");
  EXPECT_FALSE(session.eval({}, error));
  EXPECT_STREQ(error.message(), "there is no token to evaluate");
  uint32_t token = 0;
  EXPECT_EQ(lobit_session_sample(session.get(), &token, error.get()),
            LOBIT_STATUS_INVALID_ARGUMENT);
  EXPECT_FALSE(session.eval({5, 7}, error));
  EXPECT_EQ(error.status(), LOBIT_STATUS_NONFINITE);
  EXPECT_EQ(session.position(), 0u);
  EXPECT_FALSE(session.evalText("a\xFF", error));
  EXPECT_EQ(error.status(), LOBIT_STATUS_INVALID_TEXT);
  EXPECT_EQ(rt::Session::create(code, 9999, error).get(), nullptr);
  EXPECT_STREQ(error.message(), "9999 threads; 1 to 256 are possible");
}

TEST_F(Api, NullArgumentsAreErrors) {
  EXPECT_EQ(lobit_model_open_file(nullptr, nullptr, nullptr, nullptr),
            LOBIT_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(lobit_model_open_memory(nullptr, 0, nullptr, nullptr, nullptr),
            LOBIT_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(lobit_code_bind(nullptr, nullptr, nullptr, nullptr), LOBIT_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(lobit_session_create(nullptr, nullptr, nullptr, nullptr),
            LOBIT_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(lobit_session_eval(nullptr, nullptr, 1, nullptr, nullptr),
            LOBIT_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(lobit_session_generate(session.get(), nullptr, nullptr, nullptr, nullptr),
            LOBIT_STATUS_INVALID_ARGUMENT);
  EXPECT_EQ(lobit_model_get_info(nullptr, nullptr), LOBIT_STATUS_INVALID_ARGUMENT);
  lobit_model_release(nullptr);
  lobit_code_release(nullptr);
  lobit_session_release(nullptr);
}

TEST_F(Api, ObjectsMayBeReleasedInAnyOrder) {
  model = rt::Model();
  code = rt::Code();
  bytes.clear();
  ASSERT_TRUE(session.eval(someTokens(3), error));
  EXPECT_EQ(lastLogits(), fakeLogits(someTokens(3)));
}

TEST_F(Api, TextInAndOut) {
  rt::Error e;
  std::vector<uint32_t> tokens = model.tokenize("the<s>", LOBIT_TEXT_AUTO_BOS, e);
  EXPECT_EQ(tokens, (std::vector<uint32_t>{kFakeBos, 258, 'e', '<', 's', '>'}));
  tokens = model.tokenize("the<s>", LOBIT_TEXT_PARSE_SPECIAL, e);
  EXPECT_EQ(tokens, (std::vector<uint32_t>{258, 'e', kFakeBos}));
  EXPECT_EQ(model.tokenBytes(258), "th");
  EXPECT_EQ(model.tokenBytes(kFakeBos), "");
  EXPECT_TRUE(lobit_model_is_end(model.get(), kFakeEos));
  model.tokenize("x", 64, e);
  EXPECT_STREQ(e.message(), "text flags 64 are not all known");
  ASSERT_TRUE(session.evalText("the", e));
  EXPECT_EQ(lastLogits(), fakeLogits({kFakeBos, 258, 'e'}));
}

TEST_F(Api, GeneratesWhatSamplingOneByOneGives) {
  auto sampling = rt::make<lobit_sampling>();
  sampling.temperature = 1.3f;
  sampling.top_k = 20;
  sampling.seed = 11;
  std::vector<uint32_t> expected = {kFakeBos, 'a'};
  ASSERT_TRUE(session.setSampling(sampling, error));
  ASSERT_TRUE(session.eval(expected, error));
  for (int i = 0; i < 20; ++i) {
    uint32_t token = 0;
    ASSERT_EQ(lobit_session_sample(session.get(), &token, error.get()), LOBIT_STATUS_OK);
    if (token == kFakeEos || token == 7)
      break;
    expected.push_back(token);
    ASSERT_TRUE(session.eval({token}, error));
  }
  ASSERT_TRUE(session.rewind(0, error));
  ASSERT_TRUE(session.setSampling(sampling, error));
  std::vector<uint32_t> found = {kFakeBos, 'a'};
  ASSERT_TRUE(session.eval(found, error));
  int32_t reason = session.generate(
      expected.size() - 2,
      [&](const lobit_piece &piece) {
        if (piece.token != LOBIT_NO_TOKEN)
          found.push_back(piece.token);
        return false;
      },
      error);
  EXPECT_EQ(found, expected);
  EXPECT_EQ(reason, LOBIT_STOP_LIMIT);
  EXPECT_EQ(session.position(), expected.size());
  lobit_statistics statistics = session.statistics();
  EXPECT_EQ(statistics.generated_tokens, expected.size() - 2);
  EXPECT_GT(statistics.generation_tokens_per_second, 0);
  EXPECT_EQ(statistics.threads, 2u);
}

TEST_F(Api, StopsForEveryReason) {
  ASSERT_TRUE(session.eval(someTokens(60), error));
  unsigned count = 0;
  int32_t reason = session.generate(
      100,
      [&](const lobit_piece &piece) {
        count += piece.token != LOBIT_NO_TOKEN;
        return false;
      },
      error, true);
  if (!error) { // unless the hash leads to token 7
    EXPECT_EQ(reason, LOBIT_STOP_CONTEXT);
    EXPECT_EQ(count, 5u); // four are evaluated, the fifth has no place
  }
  ASSERT_TRUE(session.rewind(0, error));
  ASSERT_TRUE(session.eval(someTokens(3), error));
  reason = session.generate(100, [&](const lobit_piece &) { return true; }, error);
  EXPECT_EQ(reason, LOBIT_STOP_CALLBACK);
  EXPECT_EQ(session.position(), 4u);
  // An end token: find a context whose best token it is.
  for (uint32_t first = 8; first < 299; ++first)
    for (uint32_t second = 8; second < 299; ++second) {
      std::vector<float> logits = fakeLogits({first, second});
      if (std::max_element(logits.begin(), logits.end()) - logits.begin() != kFakeEos)
        continue;
      ASSERT_TRUE(session.rewind(0, error));
      ASSERT_TRUE(session.eval({first, second}, error));
      reason = session.generate(5, [&](const lobit_piece &) { return false; }, error);
      EXPECT_EQ(reason, LOBIT_STOP_END);
      EXPECT_EQ(session.position(), 2u);
      return;
    }
  FAIL() << "no context leads to the end token";
}

TEST_F(Api, NothingIsAllocatedWhileTokensAreMade) {
  auto sampling = rt::make<lobit_sampling>();
  sampling.temperature = 1;
  sampling.top_p = 0.9f;
  sampling.repetition_penalty = 1.1f;
  ASSERT_TRUE(session.setSampling(sampling, error));
  const std::vector<uint32_t> prompt = someTokens(20);
  auto options = rt::make<lobit_generate_options>();
  options.max_tokens = 30;
  options.ignore_end = 1;
  options.callback = [](void *, const lobit_piece *) { return 0; };
  uint64_t before = allocations;
  lobit_status evaluated =
      lobit_session_eval(session.get(), prompt.data(), prompt.size(), nullptr, nullptr);
  uint64_t generated = 0;
  lobit_status status =
      lobit_session_generate(session.get(), &options, &generated, nullptr, nullptr);
  uint64_t after = allocations;
  EXPECT_EQ(evaluated, LOBIT_STATUS_OK);
  if (status != LOBIT_STATUS_NONFINITE) // its message is allocated
    EXPECT_EQ(after, before);
  EXPECT_GT(generated, 3u);
}

TEST_F(Api, SessionsOfOneModelRunAtTheSameTime) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      rt::Error e;
      rt::Session own = rt::Session::create(code, 2, e);
      for (int i = 0; i < 20; ++i) {
        std::vector<uint32_t> tokens = someTokens(size_t(3 + t + i));
        own.rewind(0, e);
        own.eval(tokens, e);
        std::vector<float> expected = fakeLogits(tokens);
        wrong += !own.logits() || memcmp(own.logits(), expected.data(), 4 * kFakeVocab) != 0;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Api, Explains) {
  ASSERT_EQ(lobit_session_operation_count(session.get()), 2u);
  ASSERT_EQ(lobit_session_set_tracing(session.get(), 1), LOBIT_STATUS_OK);
  ASSERT_TRUE(session.eval(someTokens(20), error));
  auto info = rt::make<lobit_operation_info>();
  ASSERT_EQ(lobit_session_get_operation(session.get(), 1, &info), LOBIT_STATUS_OK);
  EXPECT_STREQ(info.label, "lm_head");
  EXPECT_STREQ(info.layout, "i8_dot");
  EXPECT_EQ(info.weight_bytes, 64u);
  EXPECT_EQ(info.calls, 3u); // 20 tokens in calls of at most 8
  EXPECT_GT(info.seconds, 0);
  EXPECT_EQ(lobit_session_get_operation(session.get(), 2, &info), LOBIT_STATUS_INVALID_ARGUMENT);
}

TEST_F(Api, SelfTestPassesAndFails) {
  struct Count {
    int all = 0, bad = 0;
  } count;
  auto report = [](void *user, const char *, const char *, lobit_status status) {
    ++static_cast<Count *>(user)->all;
    static_cast<Count *>(user)->bad += status != LOBIT_STATUS_OK;
  };
  ASSERT_TRUE(error.set(lobit_self_test(model.get(), nullptr, 2, report, &count, error.get())))
      << error.message();
  int runnable = 0;
  for (uint32_t i = 0; i < model.info().variant_count; ++i) {
    auto variant = rt::make<lobit_variant_info>();
    lobit_model_get_variant(model.get(), i, &variant);
    runnable += variant.runnable;
  }
  EXPECT_EQ(count.all, 3 * runnable);
  EXPECT_EQ(count.bad, 0);

  lobit::ArtifactContent content = fakeModelContent();
  content.knownAnswers.linears[1].digest[0] ^= 1;
  open(content, 1);
  auto options = rt::make<lobit_code_options>();
  const std::string baseline = fakeWord(kFakeBaseline);
  options.isa = baseline.c_str();
  count = {};
  EXPECT_FALSE(error.set(lobit_self_test(model.get(), &options, 1, report, &count, error.get())));
  EXPECT_EQ(error.status(), LOBIT_STATUS_CHECK_FAILED);
  EXPECT_EQ(error.message(),
            "linear 1 random on " + baseline + ": the result differs from the known answer");
  EXPECT_EQ(count.all, 3);
  EXPECT_EQ(count.bad, 1);
}

TEST_F(Api, EmbeddedCodeNeedsNoLoader) {
  // The query function of mapped code stands for one that is linked in.
  static const LobitCodeTable *table = nullptr;
  lobit::LoadOptions load;
  load.copy = true;
  auto internal = *lobit::Model::openMemory(view(bytes), load);
  auto bound = *lobit::Code::bind(internal, {});
  table = &bound->table();
  const std::string baseline = fakeWord(kFakeBaseline);
  const lobit_embedded_code entry = {baseline.c_str(),
                                     [](uint32_t) -> const void * { return table; }};
  AlignedBytes aligned(bytes);
  auto embedded = rt::make<lobit_embedded>();
  embedded.bytes = aligned.data();
  embedded.size = aligned.size();
  embedded.code = &entry;
  embedded.code_count = 1;
  rt::Model other = rt::Model::open(embedded, error);
  ASSERT_TRUE(other) << error.message();
  EXPECT_EQ(other.info().variant_count, 1u);
  rt::Code otherCode = rt::Code::bind(other, error);
  ASSERT_TRUE(otherCode) << error.message();
  rt::Session otherSession = rt::Session::create(otherCode, 1, error);
  ASSERT_TRUE(otherSession.eval(someTokens(9), error)) << error.message();
  std::vector<float> expected = fakeLogits(someTokens(9));
  EXPECT_EQ(memcmp(otherSession.logits(), expected.data(), 4 * kFakeVocab), 0);
}

class FunctionApi : public Api {
protected:
  void SetUp() override { open(fakeFunctionContent(), 2); }
  std::string refusal(const std::vector<lobit_tensor> &in, const std::vector<lobit_tensor> &out) {
    return session.call(in, out, error) ? "" : error.message();
  }
  float a[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  int32_t k[1] = {3};
  float sum[12] = {}, count[1] = {};
  lobit_tensor ta = {"a", LOBIT_TYPE_F32, 2, {3, 4}, a, sizeof(a)};
  lobit_tensor tk = {"k", LOBIT_TYPE_I32, 1, {1}, k, sizeof(k)};
  lobit_tensor tsum = {"sum", LOBIT_TYPE_F32, 2, {3, 4}, sum, sizeof(sum)};
  lobit_tensor tcount = {"count", LOBIT_TYPE_F32, 1, {1}, count, sizeof(count)};
};

TEST_F(FunctionApi, CallsWithNamedTensorsInAnyOrder) {
  ASSERT_EQ(refusal({tk, ta}, {tcount, tsum}), "");
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(sum[i], 3 * a[i]);
  EXPECT_EQ(count[0], 3);
  EXPECT_TRUE(error.set(lobit_self_test(model.get(), nullptr, 1, nullptr, nullptr, error.get())))
      << error.message();
}

TEST_F(FunctionApi, SaysWhatIsWrong) {
  EXPECT_EQ(refusal({ta}, {tsum, tcount}),
            "1 inputs were given; the function has a f32 [rows, 4], k i32 [1]");
  lobit_tensor other = ta;
  other.name = "b";
  EXPECT_EQ(refusal({other, tk}, {tsum, tcount}),
            "there is no input named 'b'; the function has a f32 [rows, 4], k i32 [1]");
  EXPECT_EQ(refusal({ta, ta}, {tsum, tcount}), "input a was given twice");
  other = ta;
  other.dims[1] = 5;
  EXPECT_EQ(refusal({other, tk}, {tsum, tcount}), "input a is f32 [3, 5], expected f32 [rows, 4]");
  other = tk;
  other.type = LOBIT_TYPE_F32;
  EXPECT_EQ(refusal({ta, other}, {tsum, tcount}), "input k is f32 [1], expected i32 [1]");
  other = tsum;
  other.dims[0] = 2;
  EXPECT_EQ(refusal({ta, tk}, {other, tcount}), "output sum is f32 [2, 4], expected f32 [rows, 4]");
  other = ta;
  other.data_bytes = 44;
  EXPECT_EQ(refusal({other, tk}, {tsum, tcount}), "input a has 44 bytes, its shape needs 48");
  other = ta;
  other.data = nullptr;
  EXPECT_EQ(refusal({other, tk}, {tsum, tcount}), "input a must have data, aligned to 4 bytes");
  std::vector<float> many(9 * 4), out(9 * 4);
  lobit_tensor big = {"a", LOBIT_TYPE_F32, 2, {9, 4}, many.data(), 144};
  lobit_tensor bigOut = {"sum", LOBIT_TYPE_F32, 2, {9, 4}, out.data(), 144};
  EXPECT_EQ(refusal({big, tk}, {bigOut, tcount}), "9 rows in one call, the artifact takes 8");
  other = ta;
  other.rank = 9;
  EXPECT_EQ(refusal({other, tk}, {tsum, tcount}),
            "tensor 0 has rank 9 and type 2, expected a rank up to 8 and type 1 (i32) or 2 (f32)");
  EXPECT_FALSE(session.eval({1}, error));
  EXPECT_STREQ(error.message(), "the artifact is a function, it takes tensors and no tokens");
}

} // namespace
