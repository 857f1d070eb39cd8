/// The shipped model's tokenizer.json against the ids its Python tokenizer gave.
#include "runtime/text/Tokenizer.h"
#include "runtime/text/Utf8.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace lobit;
using nlohmann::json;

namespace {

json readJson(const std::string &path) {
  std::ifstream file(std::string(LOBIT_SOURCE_DIR) + "/models/kjv-bitnet/" + path);
  return json::parse(file);
}

/// The byte-level alphabet: printable bytes stand for themselves, the others for
/// U+0100 and up in order.
std::string rawBytes(const std::string &token) {
  std::map<uint32_t, char> bytes;
  uint32_t next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    bytes[printable ? uint32_t(byte) : next++] = char(byte);
  }
  std::string raw;
  for (size_t i = 0; i < token.size();) {
    Utf8Char c = decodeUtf8(token, i);
    raw.push_back(bytes.at(c.codePoint));
    i += c.size;
  }
  return raw;
}

TEST(ShippedTokenizer, GivesTheReferenceIds) {
  json source = readJson("tokenizer.json");
  TokenizerData data;
  data.preTokenizer = *findPreTokenizerByRegex(
      source["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"].get<std::string>());
  data.ignoreMerges = source["model"]["ignore_merges"];
  std::map<std::string, uint32_t> ids;
  auto set = [&](uint32_t id, std::string bytes) {
    if (data.tokens.size() <= id)
      data.tokens.resize(id + 1);
    data.tokens[id] = std::move(bytes);
  };
  for (auto &[token, id] : source["model"]["vocab"].items()) {
    set(id, rawBytes(token));
    ids[token] = id;
  }
  for (json &added : source["added_tokens"]) {
    set(added["id"], added["content"]);
    data.added.push_back({added["id"], added["special"]});
  }
  for (json &merge : source["model"]["merges"]) {
    std::string left, right;
    if (merge.is_array()) {
      left = merge[0];
      right = merge[1];
    } else {
      std::string both = merge;
      left = both.substr(0, both.find(' '));
      right = both.substr(both.find(' ') + 1);
    }
    data.merges.push_back({ids.at(left), ids.at(right), ids.at(left + right)});
  }
  std::vector<uint8_t> bytes = *encodeTokenizer(data);
  Tokenizer tokenizer(*TokenizerView::open(bytes.data(), bytes.size()));

  json cases = readJson("reference/tokenizer_cases.json");
  ASSERT_GE(cases.size(), 100u);
  for (json &expected : cases) {
    std::string text = expected["text"];
    std::vector<uint32_t> found;
    ASSERT_TRUE(tokenizer.encode(text, {false, true}, found).ok());
    EXPECT_EQ(found, expected["ids"].get<std::vector<uint32_t>>()) << expected.dump();
  }
}

} // namespace
