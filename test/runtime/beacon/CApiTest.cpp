/// The C API of beacons: on vectors, and attached to a session.
#include "lobit/beacon.h"
#include "lobit/runtime.hpp"
#include "runtime/beacon/Decode.h"
#include "runtime/beacon/Verify.h"
#include "runtime/beacon/Writer.h"
#include "test/runtime/support/FakeArtifact.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace lobit;
using namespace lobit::test;

namespace {

const std::vector<float> kRows[4] = {{0.5f, -1.25f, 2, 0},
                                     {0.75f, -1, 2.25f, 0},
                                     {0.25f, -1.5f, 1.75f, 0.25f},
                                     {1, -0.75f, 2.5f, 0.25f}};

class BeaconApi : public testing::Test {
protected:
  void SetUp() override {
    for (unsigned i = 0; i < sizeof(key); ++i)
      key[i] = uint8_t(i);
    options = rt::make<lobit_beacon_options>();
    options.dim = 4;
    options.space_id = "myspace";
    options.model_id = "mymodel";
    options.pi_id = "mypi";
    options.delta_q16 = 1024;
    options.key = key;
    options.key_size = sizeof(key);
  }
  void TearDown() override { lobit_beacon_release(beacon); }

  lobit_status create() { return lobit_beacon_create(&options, &beacon, &error); }
  lobit_beacon_result finish() {
    auto result = rt::make<lobit_beacon_result>();
    EXPECT_EQ(lobit_beacon_finish(beacon, &result, &error), LOBIT_STATUS_OK) << error.message;
    return result;
  }

  uint8_t key[32];
  lobit_beacon_options options;
  lobit_beacon *beacon = nullptr;
  lobit_error error = rt::make<lobit_error>();
};

} // namespace

TEST_F(BeaconApi, WritesTheWorkedExample) {
  ASSERT_EQ(create(), LOBIT_STATUS_OK) << error.message;
  for (const std::vector<float> &row : kRows)
    ASSERT_EQ(lobit_beacon_add(beacon, row.data(), &error), LOBIT_STATUS_OK);
  EXPECT_EQ(lobit_beacon_rows(beacon), 4u);
  const lobit_beacon_result result = finish();
  ASSERT_EQ(result.size, 318u);
  EXPECT_EQ(hexText(Sha256::of(result.bytes, result.size)),
            "f1ad4c2a969e9efb85e9c5422f369bff82239864eb7520376b9cba3e4f23079d");
  EXPECT_EQ(result.sds, 0.375);
  EXPECT_EQ(result.alert, 0);

  auto ask = rt::make<lobit_beacon_verify_options>();
  auto verdict = rt::make<lobit_beacon_verdict>();
  EXPECT_EQ(lobit_beacon_verify(result.bytes, result.size, &ask, &verdict, &error),
            LOBIT_STATUS_OK);
  EXPECT_EQ(verdict.authentic, LOBIT_ANSWER_NOT_CHECKED);
  ask.key = key;
  ask.key_size = sizeof(key);
  ask.space_id = "myspace";
  EXPECT_EQ(lobit_beacon_verify(result.bytes, result.size, &ask, &verdict, &error),
            LOBIT_STATUS_INVALID_ARGUMENT);
  ask.model_id = "mymodel";
  ask.pi_id = "mypi";
  EXPECT_EQ(lobit_beacon_verify(result.bytes, result.size, &ask, &verdict, &error),
            LOBIT_STATUS_OK);
  EXPECT_EQ(verdict.intact + verdict.authentic + verdict.acceptable, 3 * LOBIT_ANSWER_YES);
  ask.has_now = 1;
  EXPECT_EQ(lobit_beacon_verify(result.bytes, result.size, &ask, &verdict, &error),
            LOBIT_STATUS_CHECK_FAILED);
  EXPECT_STREQ(error.message, "there is no ORIGIN_V1, so it belongs to no key, time or chain");
  key[0] = 1;
  EXPECT_EQ(lobit_beacon_verify(result.bytes, result.size, &ask, &verdict, &error),
            LOBIT_STATUS_CHECK_FAILED);
  EXPECT_EQ(verdict.authentic, LOBIT_ANSWER_NO);
  EXPECT_EQ(lobit_beacon_verify(result.bytes, result.size - 1, nullptr, nullptr, &error),
            LOBIT_STATUS_MALFORMED);

  uint8_t route[32];
  ASSERT_EQ(lobit_beacon_routing_key(result.bytes, result.size, 0, route, &error), LOBIT_STATUS_OK);
  EXPECT_EQ(hexText(route, 32), "2f6294b3a590f455fdbda861bc6ae911ea2f40b5b226cc4243af2a5da986a037");
}

TEST_F(BeaconApi, ReferenceLimitAndChain) {
  ASSERT_EQ(create(), LOBIT_STATUS_OK);
  for (const std::vector<float> &row : kRows)
    lobit_beacon_add(beacon, row.data(), nullptr);
  const lobit_beacon_result first = finish();
  lobit_beacon_options second = options;
  second.reference = first.bytes;
  second.reference_size = first.size;
  second.has_sds_limit = 1;
  second.sds_limit = 2;
  second.has_origin = 1;
  second.sequence = 7;
  second.issued = 100;
  const Digest previous = Sha256::of(first.bytes, first.size);
  std::copy(previous.begin(), previous.end(), second.previous);
  lobit_beacon *other = nullptr;
  ASSERT_EQ(lobit_beacon_create(&second, &other, &error), LOBIT_STATUS_OK) << error.message;
  const float shifted[4] = {0.625f, -1.125f, 2.125f, 4.125f};
  lobit_beacon_add(other, shifted, nullptr);
  auto result = rt::make<lobit_beacon_result>();
  ASSERT_EQ(lobit_beacon_finish(other, &result, &error), LOBIT_STATUS_OK);
  EXPECT_EQ(result.norm_dmu, 4);
  EXPECT_EQ(result.alert, 1);
  auto verdict = rt::make<lobit_beacon_verdict>();
  EXPECT_EQ(lobit_beacon_verify(result.bytes, result.size, nullptr, &verdict, &error),
            LOBIT_STATUS_DRIFT);
  EXPECT_EQ(verdict.sequence, 7u);
  auto ask = rt::make<lobit_beacon_verify_options>();
  ask.has_last_sequence = 1;
  ask.last_sequence = 7;
  EXPECT_EQ(lobit_beacon_verify(result.bytes, result.size, &ask, &verdict, &error),
            LOBIT_STATUS_CHECK_FAILED);
  lobit_beacon_release(other);
}

TEST_F(BeaconApi, RefusesWhatCannotBe) {
  options.key_size = 16;
  EXPECT_EQ(create(), LOBIT_STATUS_INVALID_ARGUMENT);
  options.key_size = 32;
  options.sigma = "some";
  EXPECT_EQ(create(), LOBIT_STATUS_INVALID_ARGUMENT);
  options.sigma = nullptr;
  options.window = 2;
  EXPECT_EQ(create(), LOBIT_STATUS_INVALID_ARGUMENT);
  options.window = LOBIT_BEACON_LAST;
  options.max_rows = 5000;
  EXPECT_EQ(create(), LOBIT_STATUS_RESOURCE_LIMIT);
  options.max_rows = 0;
  options.reference = "x";
  options.reference_size = 1;
  EXPECT_EQ(create(), LOBIT_STATUS_MALFORMED);
  options.reference = nullptr;
  options.space_id = "\xFF";
  EXPECT_EQ(create(), LOBIT_STATUS_INVALID_TEXT);
  options.space_id = nullptr;
  EXPECT_EQ(lobit_beacon_create(&options, nullptr, &error), LOBIT_STATUS_INVALID_ARGUMENT);
  ASSERT_EQ(create(), LOBIT_STATUS_OK);
  auto result = rt::make<lobit_beacon_result>();
  EXPECT_EQ(lobit_beacon_finish(beacon, &result, &error), LOBIT_STATUS_INVALID_ARGUMENT);
  const float bad[4] = {0, NAN, 0, 0};
  lobit_beacon_add(beacon, bad, nullptr);
  EXPECT_EQ(lobit_beacon_finish(beacon, &result, &error), LOBIT_STATUS_NONFINITE);
  EXPECT_EQ(lobit_beacon_rows(nullptr), 0u);
  lobit_beacon_release(nullptr);
}

TEST_F(BeaconApi, AttachedToASession) {
  const Bytes bytes = fakeArtifact(fakeModelContent());
  rt::Error problem;
  auto load = rt::make<lobit_load_options>();
  load.mode = LOBIT_LOAD_COPY;
  rt::Model model = rt::Model::open(bytes.data(), bytes.size(), problem, &load);
  rt::Code code = rt::Code::bind(model, problem);
  rt::Session session = rt::Session::create(code, 2, problem);
  ASSERT_TRUE(session) << problem.message();
  options.dim = 0;
  options.max_rows = 20;
  ASSERT_EQ(create(), LOBIT_STATUS_OK) << error.message;
  ASSERT_EQ(lobit_beacon_attach(beacon, session.get(), &error), LOBIT_STATUS_OK) << error.message;
  const std::vector<uint32_t> tokens = {11, 12, 13, 14, 15, 16,
                                        17, 18, 19, 20, 21}; // two calls of the code
  ASSERT_TRUE(session.eval(tokens, problem));
  EXPECT_EQ(lobit_beacon_rows(beacon), tokens.size());
  session.generate(3, [](const lobit_piece &) { return false; }, problem, true);
  EXPECT_EQ(lobit_beacon_rows(beacon), tokens.size() + 3);

  const lobit_beacon_result result = finish();
  beacon::View view;
  ASSERT_TRUE(beacon::parse({static_cast<const uint8_t *>(result.bytes), result.size}, view).ok());
  EXPECT_EQ(hexText(view.artifact.data(), 32), hexText(model.info().root_digest, 32));
  // The mean of exactly the logits that a session without an observer gives.
  rt::Session plain = rt::Session::create(code, 1, problem);
  std::vector<double> mean(kFakeVocab, 0.0);
  std::vector<float> all(tokens.size() * kFakeVocab);
  ASSERT_TRUE(plain.eval(tokens, problem, all.data()));
  for (size_t i = 0; i < tokens.size(); ++i)
    for (uint32_t v = 0; v < kFakeVocab; ++v)
      mean[v] += double(all[i * kFakeVocab + v]);
  plain.generate(3, [](const lobit_piece &) { return false; }, problem, true);
  std::vector<uint32_t> sequence = tokens;
  rt::Session again = rt::Session::create(code, 1, problem);
  ASSERT_TRUE(again.eval(tokens, problem));
  for (int i = 0; i < 3; ++i) {
    uint32_t token = 0;
    ASSERT_EQ(lobit_session_sample(again.get(), &token, nullptr), LOBIT_STATUS_OK);
    ASSERT_TRUE(again.eval({token}, problem));
    for (uint32_t v = 0; v < kFakeVocab; ++v)
      mean[v] += double(again.logits()[v]);
  }
  const std::vector<double> mu = beacon::muOf(view);
  for (uint32_t v = 0; v < kFakeVocab; ++v)
    EXPECT_EQ(float(mean[v] / 14), float(mu[v])) << v;

  // Of several references, that of the tensor counts.
  ASSERT_EQ(lobit_beacon_attach(beacon, nullptr, &error), LOBIT_STATUS_OK);
  Bytes references;
  for (const char *tensor : {"logits", "hidden"}) {
    const uint32_t dim = strcmp(tensor, "logits") == 0 ? kFakeVocab : kFakeHidden;
    beacon::Content content;
    content.ids = {tensor, "bitnet", "id"};
    content.mu.assign(dim, 1.0);
    const Bytes one = *beacon::writeBeacon(content, nullptr);
    references.insert(references.end(), one.begin(), one.end());
  }
  lobit_beacon *hidden = nullptr;
  lobit_beacon_options ofHidden = options;
  ofHidden.tensor = "hidden";
  ofHidden.space_id = nullptr;
  ofHidden.reference = references.data();
  ofHidden.reference_size = references.size();
  ASSERT_EQ(lobit_beacon_create(&ofHidden, &hidden, &error), LOBIT_STATUS_OK) << error.message;
  ASSERT_EQ(lobit_beacon_attach(hidden, again.get(), &error), LOBIT_STATUS_OK) << error.message;
  ASSERT_TRUE(again.rewind(0, problem));
  ASSERT_TRUE(again.eval({11, 12}, problem));
  auto seen = rt::make<lobit_beacon_result>();
  ASSERT_EQ(lobit_beacon_finish(hidden, &seen, &error), LOBIT_STATUS_OK) << error.message;
  ASSERT_TRUE(beacon::parse({static_cast<const uint8_t *>(seen.bytes), seen.size}, view).ok());
  double distance = 0;
  for (uint32_t i = 0; i < kFakeHidden; ++i) {
    const double mu = (double(fakeHidden({11})[i]) + double(fakeHidden({11, 12})[i])) / 2;
    EXPECT_EQ(beacon::muOf(view)[i], mu);
    distance += (mu - 1) * (mu - 1);
  }
  EXPECT_DOUBLE_EQ(seen.norm_dmu, std::sqrt(distance));
  lobit_beacon_release(hidden);
  ofHidden.reference_size -= 1;
  EXPECT_EQ(lobit_beacon_create(&ofHidden, &hidden, &error), LOBIT_STATUS_MALFORMED);
  ofHidden = options;
  ofHidden.reference = references.data();
  ofHidden.reference_size = references.size();
  ofHidden.dim = 4; // vectors of somebody else
  EXPECT_EQ(lobit_beacon_create(&ofHidden, &hidden, &error), LOBIT_STATUS_MISSING);
  ofHidden.tensor = "other";
  EXPECT_EQ(lobit_beacon_create(&ofHidden, &hidden, &error), LOBIT_STATUS_INVALID_ARGUMENT);

  // A beacon of another dimension does not fit.
  lobit_beacon *other = nullptr;
  options.dim = 4;
  ASSERT_EQ(lobit_beacon_create(&options, &other, &error), LOBIT_STATUS_OK);
  EXPECT_EQ(lobit_beacon_attach(other, session.get(), &error), LOBIT_STATUS_MISMATCH);
  lobit_beacon_release(other);
}
