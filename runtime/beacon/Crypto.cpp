#include "runtime/beacon/Crypto.h"

#include <algorithm>
#include <blake2.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace lobit::beacon {

Result<Key> Key::make(const uint8_t *bytes, uint64_t size) {
  if (size < kMinKeyBytes)
    return Status(StatusCode::INVALID_ARGUMENT, "the key has " + std::to_string(size) +
                                                    " bytes, expected at least 32; bit-beacon "
                                                    "keygen makes one");
  if (std::all_of(bytes, bytes + size, [](uint8_t byte) { return byte == 0; }))
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the key is all zeros; bit-beacon keygen makes one");
  Key key;
  key.bytes_.assign(bytes, bytes + size);
  static const char text[] = "BIT key id";
  Result<Digest> mac =
      hmacSha256(key, {{reinterpret_cast<const uint8_t *>(text), sizeof(text) - 1}});
  if (!mac.ok())
    return std::move(mac).status();
  std::copy_n(mac->begin(), key.id_.size(), key.id_.begin());
  return key;
}

static int hexValue(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

Result<Key> Key::fromHex(std::string_view text) {
  const char *const space = " \t\r\n";
  size_t begin = std::min(text.find_first_not_of(space), text.size());
  text = text.substr(begin, text.find_last_not_of(space) + 1 - begin);
  std::vector<uint8_t> bytes(text.size() / 2);
  bool valid = text.size() % 2 == 0;
  for (size_t i = 0; valid && i < bytes.size(); ++i) {
    int high = hexValue(text[2 * i]), low = hexValue(text[2 * i + 1]);
    valid = high >= 0 && low >= 0;
    bytes[i] = valid ? uint8_t(high << 4 | low) : 0;
  }
  Result<Key> key = valid ? make(bytes.data(), bytes.size())
                          : Status(StatusCode::INVALID_ARGUMENT,
                                   "the key is not written as pairs of hexadecimal digits");
  wipe(bytes.data(), bytes.size());
  return key;
}

Key::~Key() { wipe(bytes_.data(), bytes_.size()); }

Result<Digest> hmacSha256(const Key &key, std::initializer_list<ByteView> parts) {
  // HMAC and SHA-256 are parts of every OpenSSL; these calls fail only without memory.
  Digest mac{};
  EVP_MAC *algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX *context = algorithm ? EVP_MAC_CTX_new(algorithm) : nullptr;
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                             OSSL_PARAM_construct_end()};
  bool good =
      context && EVP_MAC_init(context, key.bytes().data(), key.bytes().size(), parameters) == 1;
  for (ByteView part : parts)
    good = good && (part.size == 0 || EVP_MAC_update(context, part.data, part.size) == 1);
  size_t size = 0;
  good = good && EVP_MAC_final(context, mac.data(), &size, mac.size()) == 1 && size == mac.size();
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(algorithm);
  if (!good)
    return Status(StatusCode::OUT_OF_MEMORY, "OpenSSL cannot compute an HMAC");
  return mac;
}

bool equalSecrets(const uint8_t *a, const uint8_t *b, uint64_t size) {
  return CRYPTO_memcmp(a, b, size) == 0;
}

void wipe(void *bytes, uint64_t size) {
  if (size != 0)
    OPENSSL_cleanse(bytes, size);
}

void blake2b(uint8_t *digest, uint64_t digestBytes, std::initializer_list<ByteView> parts) {
  blake2b_state state;
  blake2b_init(&state, digestBytes);
  for (ByteView part : parts)
    if (part.size != 0)
      blake2b_update(&state, part.data, part.size);
  blake2b_final(&state, digest, digestBytes);
}

} // namespace lobit::beacon
