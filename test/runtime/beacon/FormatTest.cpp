/// Bytes of the worked examples, records, fragments, every rule of the grammar.
#include "runtime/beacon/BigEndian.h"
#include "runtime/beacon/Decode.h"
#include "runtime/beacon/Routing.h"
#include "test/runtime/beacon/WorkedExample.h"

#include <cmath>

using namespace lobit;
using namespace lobit::beacon;
using namespace lobit::beacon::test;

static View parsed(const Bytes &bytes) {
  View v;
  const Fault fault = parse(view(bytes), v);
  EXPECT_TRUE(fault.ok()) << fault.status().message();
  return v;
}

TEST(BeaconFormat, SignedWorkedExample) {
  const Bytes bytes = exampleBeacon();
  ASSERT_EQ(bytes.size(), 318u);
  const View v = parsed(bytes);
  EXPECT_EQ(hexText(v.context(), 8), "8f3f73649b17e37c");
  EXPECT_EQ(v.flags, 7u);
  EXPECT_EQ(v.config.offset + v.config.recordBytes, 31u);
  EXPECT_EQ(v.flagsRecord.offset + v.flagsRecord.recordBytes, 38u);
  EXPECT_EQ(v.calib.offset + v.calib.recordBytes, 129u);
  EXPECT_EQ(v.results.offset + v.results.recordBytes, 269u);
  EXPECT_EQ(v.hmac.offset + v.hmac.recordBytes, 305u);
  EXPECT_EQ(v.headerBytes, 308u);
  EXPECT_EQ(resultsText(v),
            R"({"SDS":0.375,"cos_mu":0.9949748425680714,"norm_dmu":0.25,"ref":"split-half",)"
            R"("sds_w_mu":1,"sds_w_trS":0.5,"thresholds":{},"tr_Sigma":0.25})");
  EXPECT_EQ(v.quantized(0), 40);
  EXPECT_EQ(v.quantized(1), -72);
  EXPECT_EQ(v.quantized(2), 136);
  EXPECT_EQ(v.quantized(3), 8);
  EXPECT_EQ(v.storedCrc(), 0xaafb);
  EXPECT_EQ(hexText(v.hmac.data() + 1, 32),
            "876a1a6c4027d37c948a3fcec7cc572b521a31139a9f4482a5f0e03c96564b62");
  EXPECT_EQ(hexText(routingKey(v)),
            "2f6294b3a590f455fdbda861bc6ae911ea2f40b5b226cc4243af2a5da986a037");
  EXPECT_EQ(shardOf(routingKey(v), 64), 55u);
  EXPECT_EQ(hexText(Sha256::of(bytes.data(), bytes.size())),
            "f1ad4c2a969e9efb85e9c5422f369bff82239864eb7520376b9cba3e4f23079d");
  const Key key = exampleKey();
  EXPECT_TRUE(check(bytes, &key).ok());
}

TEST(BeaconFormat, BareWorkedExample) {
  Content content;
  content.ids = kExampleIds;
  content.mu = {0.625, -1.125, 2.125, 0.125};
  const Bytes bytes = write(content, nullptr);
  EXPECT_EQ(hexText(bytes.data(), bytes.size()),
            "424954018f3f73649b17e37c0100100101000000000004000004000000000402000400000000ff0000"
            "2800b8ff8800080034f1");
  const View v = parsed(bytes);
  EXPECT_EQ(hexText(routingKey(v)),
            "6203f0571ebb87398d38ccc67164fb1a04a3f12cb19c8960cd94ba6ac2261af1");
  EXPECT_EQ(shardOf(routingKey(v), 64), 49u);
  EXPECT_EQ(muOf(v), content.mu);
  // The content key does not depend on who signed what else.
  EXPECT_EQ(contentKey(v), contentKey(parsed(exampleBeacon())));
  EXPECT_NE(routingKey(v), routingKey(parsed(exampleBeacon())));
}

TEST(BeaconFormat, Crc) {
  const uint8_t digits[] = "123456789";
  EXPECT_EQ(crc16(digits, 9), 0x29B1);
  EXPECT_EQ(crc16(digits + 4, 5, crc16(digits, 4)), 0x29B1);
}

TEST(BeaconFormat, Blake2bHasTheSizeAsParameter) {
  uint8_t short8[8], long32[32];
  blake2b(short8, 8, {});
  blake2b(long32, 32, {});
  EXPECT_EQ(hexText(short8, 8), "e4a6a0577479b2b4");
  EXPECT_EQ(hexText(long32, 32),
            "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

TEST(BeaconFormat, ContextJson) {
  EXPECT_EQ(contextJson({"s", "m\n\"\\/\x7f", "\xC3\xA9\xF0\x9F\x98\x80"}, 7),
            "{\"dim\":7,\"model_id\":\"m\\n\\\"\\\\/\x7f\",\"pi_id\":\"\\u00e9\\ud83d\\ude00\","
            "\"space_id\":\"s\"}");
  EXPECT_EQ(contextJson({"\x01", "", "\b\f\r\t"}, 1),
            "{\"dim\":1,\"model_id\":\"\",\"pi_id\":\"\\b\\f\\r\\t\",\"space_id\":\"\\u0001\"}");
  EXPECT_FALSE(checkIds({"\xFF", "", ""}).ok());
}

TEST(BeaconFormat, Quantization) {
  EXPECT_EQ(quantizeMu({0.5, 1.5, 2.5, -0.5, -1.5}, 65536).values,
            (std::vector<int16_t>{0, 2, 2, 0, -2}));
  const Quantized big = quantizeMu({1e9, -1e9, 32767}, 65536);
  EXPECT_EQ(big.values, (std::vector<int16_t>{32767, -32767, 32767}));
  EXPECT_TRUE(big.saturated);
  EXPECT_FALSE(quantizeMu({32767}, 65536).saturated);
  EXPECT_EQ(autoDelta({0}), 1u);
  EXPECT_EQ(autoDelta({-32767}), 65536u);
  EXPECT_EQ(autoDelta({0.1, -0.5}), 2u);
  for (double largest : {0.026, 1.0, 17.3, 900.0})
    EXPECT_FALSE(quantizeMu({largest}, autoDelta({largest})).saturated);
}

TEST(BeaconFormat, LongValuesAreFragmented) {
  // CALIB with diagonal f64: 32 + 16 dim bytes; around multiples of 65535 and beyond.
  for (uint32_t dim : {4093u, 4094u, 4095u, 12000u, 65535u * 2}) {
    Content content;
    content.ids = kExampleIds;
    content.scalar = Scalar::F64;
    Moments moments;
    moments.dim = dim;
    moments.weight = 3;
    moments.kind = SigmaKind::Diagonal;
    for (uint32_t i = 0; i < dim; ++i) {
      moments.mu.push_back(std::sin(i));
      moments.sigma.push_back(1.0 / (i + 1));
    }
    content.mu = moments.mu;
    content.calib = moments;
    content.sigmaReduced = true;
    const Bytes bytes = write(content, nullptr);
    const View v = parsed(bytes);
    EXPECT_EQ(v.calib.size, 32 + 16ull * dim);
    EXPECT_EQ(v.calib.recordBytes, v.calib.size + 3 * (v.calib.size / 65535 + 1));
    EXPECT_EQ(momentsOf(v)->mu, moments.mu);
    EXPECT_EQ(momentsOf(v)->sigma, moments.sigma);
    EXPECT_TRUE(check(bytes, nullptr).ok());
  }
}

TEST(BeaconFormat, ExactMultipleEndsWithAnEmptyFragment) {
  // An unknown record that may be skipped, of 65535 bytes.
  Content content;
  content.ids = kExampleIds;
  content.mu = {1};
  Bytes bytes = write(content, nullptr);
  Bytes record = {0x40, 0xFF, 0xFF};
  record.resize(3 + 65535, 7);
  record.insert(record.end(), {0x40, 0, 0});
  const size_t end = bytes.size() - 2 - 2 - 3;
  bytes.insert(bytes.begin() + long(end), record.begin(), record.end());
  repairCrc(bytes);
  EXPECT_TRUE(check(bytes, nullptr).ok());
  bytes.erase(bytes.begin() + long(end + 3 + 65535), bytes.begin() + long(end + 3 + 65535 + 3));
  repairCrc(bytes);
  View v;
  EXPECT_STREQ(parse(view(bytes), v).what, "a fragment is continued by a record of another type");
}

TEST(BeaconFormat, BeaconsMayBeConcatenated) {
  const Bytes one = exampleBeacon();
  Bytes two = one;
  two.insert(two.end(), one.begin(), one.end());
  View v;
  EXPECT_TRUE(parseFirst(view(two), v).ok());
  EXPECT_EQ(v.bytes.size, one.size());
  EXPECT_STREQ(parse(view(two), v).what, "something follows the beacon");
}

/// Replaces bytes of the bare example and says what the parser finds.
static std::string faultOf(size_t at, const Bytes &with, size_t remove = ~size_t(0)) {
  Content content;
  content.ids = kExampleIds;
  content.mu = {0.625, -1.125, 2.125, 0.125};
  Bytes bytes = write(content, nullptr);
  remove = remove == ~size_t(0) ? with.size() : remove;
  bytes.erase(bytes.begin() + long(at), bytes.begin() + long(at + remove));
  bytes.insert(bytes.begin() + long(at), with.begin(), with.end());
  repairCrc(bytes);
  View v;
  Fault fault = parse(view(bytes), v);
  if (fault.ok())
    fault = checkValues(v);
  return fault.ok() ? "" : fault.what;
}

TEST(BeaconFormat, Grammar) {
  EXPECT_EQ(faultOf(0, {0x43}), "does not begin with BIT and version 1");
  EXPECT_EQ(faultOf(3, {0x02}), "does not begin with BIT and version 1");
  EXPECT_EQ(faultOf(6, {}, 45), "ends inside its context hash");
  EXPECT_EQ(faultOf(12, {}, 39), "ends before the END record");
  EXPECT_EQ(faultOf(12, {0x02}), "the first record is not CONFIG_V1");
  EXPECT_EQ(faultOf(15, {2}), "CONFIG_V1 is not version 1, encoding 1 and 0");
  EXPECT_EQ(faultOf(16, {2}), "CONFIG_V1 is not version 1, encoding 1 and 0");
  EXPECT_EQ(faultOf(18, {1}), "CONFIG_V1 is not version 1, encoding 1 and 0");
  EXPECT_EQ(faultOf(19, {0, 0, 0, 0}), "dim lies outside 1 .. 2^24");
  EXPECT_EQ(faultOf(19, {1, 0, 0, 1}), "dim lies outside 1 .. 2^24");
  EXPECT_EQ(faultOf(23, {0, 0, 0, 0}), "delta_q16 is 0");
  EXPECT_EQ(faultOf(30, {5}), "payload_count differs from dim");
  EXPECT_EQ(faultOf(13, {0, 17}), "CONFIG_V1 has not 16 bytes");
  EXPECT_EQ(faultOf(31, {3}), "the second record is not FLAGS_V1 with 4 bytes");
  EXPECT_EQ(faultOf(32, {0, 3}), "the second record is not FLAGS_V1 with 4 bytes");
  EXPECT_EQ(faultOf(34, {0, 0, 0, 0x80}), "FLAGS_V1 has unknown bits");
  for (uint8_t bit : {1, 2, 4})
    EXPECT_EQ(faultOf(37, {bit}), "FLAGS_V1 contradicts the records that are present");
  EXPECT_EQ(faultOf(37, {0x10}), "FLAGS_V1 speaks of CALIB_STATS_V1, which is not present");
  EXPECT_EQ(faultOf(37, {0x20}), "FLAGS_V1 has a drift alert without RESULTS_V1");
  EXPECT_EQ(faultOf(38, {0xFF, 0, 1}), "the END record is not empty");
  EXPECT_EQ(faultOf(38, {0xFF, 0xF0, 0}), "a record ends behind the end of the file");
  EXPECT_EQ(faultOf(38, {0x00, 0, 0}, 0), "a record has type 00");
  EXPECT_EQ(faultOf(38, {0x02, 0, 0}, 0), "the records do not ascend by type, each at most once");
  EXPECT_EQ(faultOf(38, {0x41, 0, 0, 0x40, 0, 0}, 0),
            "the records do not ascend by type, each at most once");
  EXPECT_EQ(faultOf(38, {0x41, 0, 0, 0x41, 0, 0}, 0),
            "the records do not ascend by type, each at most once");
  EXPECT_EQ(faultOf(38, {0x40, 0, 0, 0x41, 0, 1, 9}, 0), "");
  EXPECT_EQ(faultOf(38, {0x80, 0, 0}, 0), "a critical record is not known to this version");
  EXPECT_EQ(faultOf(38, {0x20, 0, 0}, 0), "HMAC_V1 is not 01 and 32 bytes");
  Bytes hmac = {0x20, 0, 33, 1};
  hmac.resize(36);
  Bytes twice = hmac;
  twice.insert(twice.end(), hmac.begin(), hmac.end());
  EXPECT_EQ(faultOf(38, twice, 0), "HMAC_V1 does not stand immediately before END");
  hmac[3] = 2;
  EXPECT_EQ(faultOf(38, hmac, 0), "HMAC_V1 is not 01 and 32 bytes");
  EXPECT_EQ(faultOf(49, {}, 1), "ends inside its payload or CRC");
  EXPECT_EQ(faultOf(51, {0}, 0), "something follows the beacon");
}

TEST(BeaconFormat, UnknownRecordsHaveTheirExitCodes) {
  View v;
  Bytes bytes = exampleBeacon();
  bytes[129] = 0x81; // RESULTS becomes a critical record
  EXPECT_EQ(parse(view(bytes), v).code, StatusCode::UNSUPPORTED);
  const Bytes large(kMaxFileBytes + 1);
  EXPECT_EQ(parse(view(large), v).code, StatusCode::RESOURCE_LIMIT);
}

/// The same on the signed example, without a key, after a change inside a record.
static std::string signedFault(size_t at, const Bytes &with) {
  Bytes bytes = exampleBeacon();
  std::copy(with.begin(), with.end(), bytes.begin() + long(at));
  repairCrc(bytes);
  return check(bytes, nullptr).status.message();
}

static void expectPart(const std::string &text, const char *part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(BeaconFormat, InsideRecords) {
  const size_t calib = 41; // the value
  for (size_t at : {0u, 1u, 2u, 3u})
    expectPart(signedFault(calib + at, {9}), "unknown version, kind, scalar or ddof");
  expectPart(signedFault(calib + 4, {1}), "another dim than CONFIG_V1");
  expectPart(signedFault(calib + 1, {2}), "another size than its kind and dim need");
  expectPart(signedFault(calib + 8, {0xC0}), "W is not above 0");
  expectPart(signedFault(calib + 8, {0x7F, 0xF0, 0, 0, 0, 0, 0, 0}), "W is not above 0");
  expectPart(signedFault(calib + 16, {0x40}), "t0 and t1 are not finite and in order");
  expectPart(signedFault(calib + 24, {0x40}), "FLAGS_V1 says they are not");
  expectPart(signedFault(calib + 32, {0x7F, 0xC0}), "a number of CALIB_STATS_V1 is not finite");
  expectPart(signedFault(calib + 48, {0xBF}), "a variance is negative");
  expectPart(signedFault(calib + 48 + 8, {0xBF}), "a variance is negative");
  EXPECT_EQ(signedFault(calib + 48 + 4, {0xBD}), ""); // off the diagonal
  const size_t results = 132;
  expectPart(signedFault(results, {'['}), "RESULTS_V1 is no canonical JSON object");
  expectPart(signedFault(results + 2, {'T'}), "RESULTS_V1 lacks one of norm_dmu");
  expectPart(signedFault(37, {0x27}), "the drift alert of FLAGS_V1 contradicts");
  expectPart(signedFault(37, {0x47}), "FLAGS_V1 says that Sigma is reduced, but it is complete");
}

TEST(BeaconFormat, ThresholdsAndAlertAgree) {
  Content content = exampleContent();
  Results results;
  Summary summary =
      std::move(summarize(Rows<double>(kExampleRows.data(), 4, 4), SigmaChoice(), true)).value();
  for (auto [metric, limit, alert] :
       {std::tuple{Metric::Sds, 0.375, false}, std::tuple{Metric::Sds, 0.3, true},
        std::tuple{Metric::CosMu, 0.999, true}, std::tuple{Metric::CosMu, 0.9, false},
        std::tuple{Metric::TrSigma, 0.2, true}, std::tuple{Metric::NormDmu, 0.26, false}}) {
    Judgement judgement;
    judgement.thresholds = {{metric, limit}};
    ASSERT_TRUE(describe(summary, nullptr, judgement, content, results).ok());
    const Verdict verdict = check(write(content, nullptr), nullptr);
    EXPECT_EQ(verdict.status.code(), alert ? StatusCode::DRIFT : StatusCode::OK);
    EXPECT_EQ(verdict.intact, Answer::Yes);
  }
}

TEST(BeaconFormat, OriginArtifactAndLowRank) {
  Content content = exampleContent();
  const Key key = exampleKey();
  Origin origin;
  origin.keyId = key.id();
  origin.sequence = 7;
  origin.issued = 1000;
  origin.expires = 2000;
  origin.previous.fill(9);
  content.origin = origin;
  content.artifact = Content::ArtifactName{Digest{1, 2, 3}, "logits"};
  content.calib->kind = SigmaKind::Diagonal;
  content.calib->sigma = {0.1, 0.2, 0.3, 0.4};
  content.sigmaReduced = true;
  LowRank lowRank;
  lowRank.eigenvalues = {2, 1};
  lowRank.eigenvectors = {1, 0, 0, 0, 0, 1, 0, 0};
  lowRank.residual = {0, 0.5, 0.25, 0};
  content.lowRank = lowRank;
  const Bytes bytes = write(content, &key);
  const View v = parsed(bytes);
  EXPECT_EQ(originOf(v)->sequence, 7u);
  EXPECT_EQ(originOf(v)->keyId, key.id());
  EXPECT_EQ(originOf(v)->context, contextHash256(kExampleIds, 4));
  EXPECT_EQ(originOf(v)->previous, origin.previous);
  EXPECT_EQ(beacon::lowRankOf(v)->eigenvectors, lowRank.eigenvectors);
  EXPECT_EQ(beacon::lowRankOf(v)->residual, lowRank.residual);
  EXPECT_EQ(v.artifact.size, 38u);
  EXPECT_TRUE(check(bytes, &key).ok());

  const auto change = [&](const Value &value, size_t at, uint8_t with) {
    Bytes changed = bytes;
    changed[value.offset + 3 + at] = with;
    repairCrc(changed);
    return check(changed, nullptr).status.message();
  };
  expectPart(change(v.origin, 0, 2), "ORIGIN_V1 is not version 1 with 100 bytes");
  expectPart(change(v.origin, 2, 2), "ORIGIN_V1 is not version 1 with 100 bytes");
  expectPart(change(v.artifact, 32, 0xFF), "the name in ARTIFACT_V1 is not UTF-8");
  expectPart(change(v.artifact, 33, '\n'), "the name in ARTIFACT_V1 is not UTF-8");
  expectPart(change(v.lowRank, 0, 2), "unknown version, scalar or rank");
  expectPart(change(v.lowRank, 1, 3), "unknown version, scalar or rank");
  expectPart(change(v.lowRank, 3, 3), "another size than its rank and dim need");
  expectPart(change(v.lowRank, 7, 3), "another dim than CONFIG_V1");
  expectPart(change(v.lowRank, 8, 0xC0), "a variance is negative");
  expectPart(change(v.lowRank, 16, 0x7F), "is not finite");

  content.calib.reset();
  content.sigmaReduced = false;
  EXPECT_FALSE(writeBeacon(content, &key).ok()); // low rank without calibration
}

TEST(BeaconFormat, TheWriterRefusesWhatAReaderWould) {
  Content content = exampleContent();
  content.calib->mu[1] = std::nan("");
  EXPECT_EQ(writeBeacon(content, nullptr).status().code(), StatusCode::INVALID_ARGUMENT);
  content = exampleContent();
  content.deltaQ16 = 0;
  EXPECT_FALSE(writeBeacon(content, nullptr).ok());
  content = exampleContent();
  content.mu.clear();
  EXPECT_FALSE(writeBeacon(content, nullptr).ok());
  content = exampleContent();
  content.times = std::make_pair(2.0, 1.0);
  EXPECT_FALSE(writeBeacon(content, nullptr).ok());
  content.times = std::make_pair(1.0, 2.0);
  EXPECT_EQ(calibHeader(parsed(write(content, nullptr))).t1, 2.0);
}

TEST(BeaconFormat, Keys) {
  EXPECT_FALSE(Key::make(Bytes(31, 1).data(), 31).ok());
  EXPECT_FALSE(Key::make(Bytes(32, 0).data(), 32).ok());
  const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
  EXPECT_EQ(Key::fromHex(" \n" + hex + "\r\n")->bytes(), exampleKey().bytes());
  EXPECT_EQ(Key::fromHex(hex)->id(), exampleKey().id());
  for (const std::string &bad : {hex.substr(1), hex + "0g", std::string(), hex + " 00"}) {
    const Result<Key> key = Key::fromHex(bad);
    ASSERT_FALSE(key.ok());
    // No message repeats a part of a key.
    EXPECT_EQ(key.status().message().find("0203"), std::string::npos);
  }
}
