/// What somebody without the key tries. Each attack is named after the weakness of a
/// plain reading of the format that it uses; each runs with the CRC repaired.
#include "runtime/beacon/BigEndian.h"
#include "runtime/beacon/Decode.h"
#include "test/runtime/beacon/WorkedExample.h"

#include <cmath>

using namespace lobit;
using namespace lobit::beacon;
using namespace lobit::beacon::test;

namespace {

Content chained(uint64_t sequence, const Bytes &previous) {
  Content content = exampleContent();
  Origin origin;
  origin.keyId = exampleKey().id();
  origin.sequence = sequence;
  origin.issued = 1000 + sequence;
  origin.expires = 5000;
  if (!previous.empty())
    origin.previous = Sha256::of(previous.data(), previous.size());
  content.origin = origin;
  return content;
}

void expectRefused(const Bytes &bytes, const Key &key, const char *message = "") {
  const Verdict verdict = check(bytes, &key);
  EXPECT_FALSE(verdict.ok());
  EXPECT_NE(verdict.authentic, Answer::Yes);
  EXPECT_NE(verdict.status.message().find(message), std::string::npos) << verdict.status.message();
}

} // namespace

TEST(BeaconForgery, EveryBitFlipIsRefused) {
  const Key key = exampleKey();
  for (const Bytes &good : {exampleBeacon(), write(chained(3, exampleBeacon()), &key)}) {
    ASSERT_TRUE(check(good, &key).ok());
    for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
      Bytes bytes = good;
      bytes[bit / 8] ^= uint8_t(1u << bit % 8);
      EXPECT_FALSE(check(bytes, &key).ok()) << "bit " << bit;
      repairCrc(bytes);
      if (bytes != good) { // a repaired CRC field
        EXPECT_FALSE(check(bytes, &key).ok()) << "bit " << bit << ", repaired";
      }
    }
  }
}

TEST(BeaconForgery, EveryTruncationIsRefused) {
  const Key key = exampleKey();
  const Bytes good = exampleBeacon();
  for (size_t size = 0; size < good.size(); ++size) {
    Bytes bytes(good.begin(), good.begin() + long(size));
    EXPECT_FALSE(check(bytes, &key).ok()) << size;
    repairCrc(bytes);
    EXPECT_FALSE(check(bytes, &key).ok()) << size << ", repaired";
  }
}

TEST(BeaconForgery, EveryRemovedAndInsertedByteIsRefused) {
  const Key key = exampleKey();
  const Bytes good = exampleBeacon();
  for (size_t at = 0; at < good.size(); ++at)
    for (int kind = 0; kind < 3; ++kind) {
      Bytes bytes = good;
      if (kind == 0)
        bytes.erase(bytes.begin() + long(at));
      else
        bytes.insert(bytes.begin() + long(at), kind == 1 ? 0 : good[at]);
      repairCrc(bytes);
      EXPECT_FALSE(check(bytes, &key).ok()) << at;
    }
}

TEST(BeaconForgery, W1_ScaleChanged) {
  Bytes bytes = exampleBeacon();
  storeBig<uint32_t>(bytes.data() + 23, 64 * 1024); // the mean would be 64 times larger
  repairCrc(bytes);
  EXPECT_EQ(check(bytes, nullptr).intact, Answer::Yes);
  expectRefused(bytes, exampleKey(), "the HMAC does not match");
}

TEST(BeaconForgery, W2_RecordSlidIntoThePayload) {
  // RESULTS (with the alarm) becomes payload: its bytes are moved behind END, dim grows,
  // the flags are made to agree.
  const Bytes good = exampleBeacon();
  const size_t results = 129, hmac = 269, payload = 308;
  Bytes bytes(good.begin(), good.begin() + results);
  bytes.insert(bytes.end(), good.begin() + hmac, good.begin() + payload);
  Bytes slid(good.begin() + results, good.begin() + hmac);
  ASSERT_EQ(slid.size() % 2, 0u);
  bytes.insert(bytes.end(), slid.begin(), slid.end());
  bytes.insert(bytes.end(), good.begin() + payload, good.end());
  const uint32_t dim = uint32_t(4 + slid.size() / 2);
  storeBig(bytes.data() + 19, dim);
  storeBig(bytes.data() + 27, dim);
  bytes[37] = kHasCalib | kHasHmac;
  repairCrc(bytes);
  expectRefused(bytes, exampleKey());
  // And without the calibration record, whose dim would betray it.
  Bytes bare(bytes.begin(), bytes.begin() + 38);
  bare.insert(bare.end(), bytes.begin() + results, bytes.end());
  bare[37] = kHasHmac;
  repairCrc(bare);
  EXPECT_EQ(check(bare, nullptr).intact, Answer::Yes);
  expectRefused(bare, exampleKey(), "the HMAC does not match");
}

TEST(BeaconForgery, W3_DimChanged) {
  const Bytes good = exampleBeacon();
  Content bare;
  bare.ids = kExampleIds;
  bare.mu = {0.625, -1.125, 2.125, 0.125};
  const Key key = exampleKey();
  Bytes bytes = write(bare, &key);
  storeBig<uint32_t>(bytes.data() + 19, 2);
  storeBig<uint32_t>(bytes.data() + 27, 2);
  bytes.erase(bytes.end() - 6, bytes.end() - 2); // the payload shrinks too
  repairCrc(bytes);
  EXPECT_EQ(check(bytes, nullptr).intact, Answer::Yes);
  expectRefused(bytes, key, "the HMAC does not match");
  // Whoever knows the ids sees it without a key.
  Request request;
  request.ids = kExampleIds;
  EXPECT_NE(verify(view(bytes), request).status.message().find("the context is"),
            std::string::npos);
  EXPECT_TRUE(verify(view(good), request).ok());
  request.ids->pi = "other";
  EXPECT_FALSE(verify(view(good), request).ok());
}

TEST(BeaconForgery, W4_MacStripped) {
  const Bytes good = exampleBeacon();
  Bytes bytes(good.begin(), good.begin() + 269);
  bytes.insert(bytes.end(), good.begin() + 305, good.end());
  bytes[37] = kHasCalib | kHasResults;
  repairCrc(bytes);
  const Verdict verdict = check(bytes, nullptr);
  EXPECT_TRUE(verdict.ok());
  EXPECT_EQ(verdict.authentic, Answer::NotChecked);
  expectRefused(bytes, exampleKey(), "there is no HMAC_V1, a key is given");
  Request request;
  request.requireAuth = true;
  EXPECT_FALSE(verify(view(good), request).ok());
}

TEST(BeaconForgery, W5_MacMovedDoubledOrEndFilled) {
  const Key key = exampleKey();
  const Bytes good = exampleBeacon();
  const Bytes mac(good.begin() + 269, good.begin() + 305);
  Bytes moved = good; // in front of CALIB
  moved.erase(moved.begin() + 269, moved.begin() + 305);
  moved.insert(moved.begin() + 38, mac.begin(), mac.end());
  repairCrc(moved);
  expectRefused(moved, key, "HMAC_V1 does not stand immediately before END");
  Bytes doubled = good;
  doubled.insert(doubled.begin() + 269, mac.begin(), mac.end());
  repairCrc(doubled);
  expectRefused(doubled, key, "HMAC_V1 does not stand immediately before END");
  Bytes hidden = good;
  hidden[307] = 4;
  hidden.insert(hidden.begin() + 308, {1, 2, 3, 4});
  repairCrc(hidden);
  expectRefused(hidden, key, "the END record is not empty");
}

TEST(BeaconForgery, W10_ReplayExpiryAndForeignKeys) {
  const Key key = exampleKey();
  const Bytes first = write(chained(1, {}), &key);
  const Bytes second = write(chained(2, first), &key);
  const auto ask = [&](const Bytes &bytes, OriginPolicy policy) {
    Request request;
    request.key = &key;
    request.origin = policy;
    return verify(view(bytes), request).status.message();
  };
  const auto expectPart = [](const std::string &text, const char *part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  OriginPolicy policy;
  policy.keyId = key.id();
  policy.now = 1500;
  EXPECT_EQ(ask(first, policy), "");
  policy.lastSequence = 1;
  policy.previous = Sha256::of(first.data(), first.size());
  EXPECT_EQ(ask(second, policy), "");
  expectPart(ask(first, policy), "it was seen before");
  policy.lastSequence = 2;
  expectPart(ask(second, policy), "it was seen before");
  policy.lastSequence = 1;
  policy.previous->fill(1);
  expectPart(ask(second, policy), "it follows");
  policy = OriginPolicy();
  policy.now = 5000;
  expectPart(ask(first, policy), "it expired at 5000");
  policy.now = 1000;
  expectPart(ask(first, policy), "in the future");
  policy = OriginPolicy();
  policy.keyId = KeyId{1};
  expectPart(ask(first, policy), "its key id is");
  policy.keyId = key.id();
  expectPart(ask(exampleBeacon(), policy), "there is no ORIGIN_V1");
  // Another key, and the algorithm byte.
  uint8_t other[32] = {1};
  const Key wrong = std::move(Key::make(other, 32)).value();
  expectRefused(second, wrong, "the HMAC does not match");
  Bytes downgraded = exampleBeacon();
  downgraded[272] = 0;
  repairCrc(downgraded);
  expectRefused(downgraded, key, "HMAC_V1 is not 01 and 32 bytes");
}

TEST(BeaconForgery, W12_NumbersThatAreNone) {
  // A mean of zero has no direction; the answer is defined and finite.
  EXPECT_EQ(meanShift({0, 0}, {0, 0}).cosine, 1);
  EXPECT_EQ(meanShift({0, 0}, {1, 0}).cosine, 0);
  Results results;
  results.normDmu = std::nan("");
  results.trSigma = INFINITY;
  EXPECT_EQ(results.json(),
            R"({"SDS":null,"cos_mu":null,"norm_dmu":null,"thresholds":{},"tr_Sigma":null})");
  // Nobody reads NaN, Infinity, a second key, deep nesting or broken text.
  for (const char *json :
       {R"({"SDS":NaN,"cos_mu":1,"norm_dmu":1,"thresholds":{},"tr_Sigma":1})",
        R"({"SDS":Infinity,"cos_mu":1,"norm_dmu":1,"thresholds":{},"tr_Sigma":1})",
        R"({"SDS":1e999,"cos_mu":1,"norm_dmu":1,"thresholds":{},"tr_Sigma":1})",
        R"({"SDS":1,"SDS":2,"cos_mu":1,"norm_dmu":1,"thresholds":{},"tr_Sigma":1})",
        R"({"SDS":1,"cos_mu":1,"norm_dmu":1,"thresholds":{},"tr_Sigma":1,"x":[[[[[]]]]]})",
        "{\"SDS\":1,\"cos_mu\":1,\"norm_dmu\":1,\"ref\":\"\xFF\",\"thresholds\":{},\"tr_Sigma\":"
        "1}"}) {
    Content content = exampleContent();
    content.results = json;
    EXPECT_FALSE(writeBeacon(content, nullptr).ok()) << json;
  }
}

TEST(BeaconForgery, W13_UnknownIsNotZero) {
  // Without calibration nothing is known of Sigma, and nothing pretends to be.
  Content content;
  content.ids = kExampleIds;
  content.mu = {1, 2};
  const Bytes bytes = write(content, nullptr);
  View v;
  ASSERT_TRUE(parse(view(bytes), v).ok());
  EXPECT_FALSE(momentsOf(v).has_value());
  EXPECT_TRUE(std::isnan(Moments().trace() + Moments{1, 1, {0}, SigmaKind::None, {}}.trace()));
  // Statistics of weight 0 are no calibration.
  content.calib = Moments{2, 0, {1, 2}, SigmaKind::Diagonal, {0, 0}};
  EXPECT_FALSE(writeBeacon(content, nullptr).ok());
}
